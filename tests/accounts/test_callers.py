"""From where somebody calls: addresses, proxies, places."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import translation
from pytest_django import Settings

from accounts import addresses, callers, places
from accounts.callers import address_of, caller_of
from tests.accounts.atlas import write

LISBON = {
    "city": {"names": {"en": "Lisbon", "de": "Lissabon"}},
    "country": {"names": {"en": "Portugal"}},
}


@pytest.mark.accept("A125")
@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("9.9.9.9", True),
        ("2620:fe::9", True),
        ("::ffff:9.9.9.9", True),
        ("2002:909:909::1", True),  # 6to4 of 9.9.9.9
        ("2001:0:4136:e378:8000:63bf:f6f6:f6f6", True),  # Teredo of the same
        ("64:ff9b::909:909", True),  # NAT64 of the same
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("172.32.0.1", True),
        ("192.168.1.20", False),
        ("127.0.0.1", False),
        ("169.254.1.1", False),
        ("100.64.0.1", False),
        ("100.128.0.1", True),
        ("198.18.0.1", False),
        ("203.0.113.7", False),  # documentation
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fd12:3456::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("3fff::1", False),
        ("::ffff:192.168.1.20", False),
        ("::192.168.1.20", False),
        ("2002:c0a8:114::1", False),  # 6to4 of 192.168.1.20
        ("2001:0:4136:e378:8000:63bf:3f57:feeb", False),  # Teredo of the same
        ("64:ff9b::c0a8:114", False),  # NAT64 of the same
        ("", False),
        ("unknown", False),
    ],
)
def test_who_can_be_at_an_address(address: str, public: bool) -> None:
    assert addresses.is_public(address) is public


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("9.9.9.9", "9.9.9.9"),
        (" 9.9.9.9 ", "9.9.9.9"),
        ("9.9.9.9:52341", "9.9.9.9"),
        ("2620:FE:0::9", "2620:fe::9"),
        ("[2620:fe::9]", "2620:fe::9"),
        ("[2620:fe::9]:443", "2620:fe::9"),
        ("[fe80::1%eth0]:443", "fe80::1"),
        ("::ffff:9.9.9.9", "9.9.9.9"),
        ("[::ffff:9.9.9.9]:80", "9.9.9.9"),
        ("9.9.9.9:port", ""),
        ("9.9.9.9:1:2", ""),
        ("010.9.9.9", ""),
        ("_hidden", ""),
        ("[9.9.9.9", ""),
        ("", ""),
    ],
)
def test_how_proxies_write_addresses(written: str, read: str) -> None:
    assert addresses.plain(written) == read


def asked(direct: str, **meta: str) -> HttpRequest:
    request = RequestFactory().get("/", REMOTE_ADDR=direct)
    request.META.update(meta)
    return request


@pytest.mark.parametrize(
    ("proxies", "heard", "address"),
    [
        (0, "6.6.6.6", "10.0.0.1"),
        (1, "9.9.9.9", "9.9.9.9"),
        (1, "6.6.6.6, 9.9.9.9:52341", "9.9.9.9"),
        # Several lines of the header are one, by RFC 9110 5.3.
        (1, "6.6.6.6,6.6.6.7,[2620:fe::9]:443", "2620:fe::9"),
        (2, "6.6.6.6, 9.9.9.9, 10.0.0.2", "9.9.9.9"),
        (2, "9.9.9.9", "10.0.0.1"),
        (1, "9.9.9.9, unknown", "10.0.0.1"),
        (1, "9.9.9.9,", "10.0.0.1"),
    ],
)
def test_only_what_our_own_proxies_added_counts(
    settings: Settings, proxies: int, heard: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert address_of(asked("10.0.0.1", HTTP_X_FORWARDED_FOR=heard)) == address
    # Nobody asks this one (RFC 7239): proxies pass on what a browser says there.
    assert address_of(asked("10.0.0.1", HTTP_FORWARDED="for=6.6.6.6")) == "10.0.0.1"


def test_a_proxy_nobody_told_of_is_wondered_at_once(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.TRUSTED_PROXIES = 0
    callers._say_once.cache_clear()
    with caplog.at_level(logging.WARNING, logger="accounts"):
        # From the internet anybody may send it: that says nothing.
        address_of(asked("9.9.9.9", HTTP_X_FORWARDED_FOR="6.6.6.6"))
        assert not caplog.records
        for _ in range(3):
            address_of(asked("10.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6"))
    assert len(caplog.records) == 1
    assert "TRUSTED_PROXIES" in caplog.text


def test_a_caller_has_a_program_and_a_place(settings: Settings, tmp_path: Path) -> None:
    settings.GEOIP_FILE = str(write(tmp_path / "city.mmdb", LISBON))
    request = asked("9.9.9.9", HTTP_USER_AGENT="aerc/0.18.2")
    told = caller_of(request)
    assert (told.address, told.client, told.place) == ("9.9.9.9", "aerc 0.18", "Lisbon, Portugal")
    with translation.override("de"):
        assert places.of("9.9.9.9") == "Lissabon, Portugal"
    settings.GEOIP_FILE = ""
    assert caller_of(request).place == ""


def test_the_file_of_places_may_be_replaced_while_we_run(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "city.mmdb"
    settings.GEOIP_FILE = str(path)
    assert places.of("9.9.9.9") == ""
    write(path, LISBON)
    assert places.of("9.9.9.9") == "Lisbon, Portugal"
    write(tmp_path / "new.mmdb", {"city": "Porto", "country": "PT"}).rename(path)
    assert places.of("9.9.9.9") == "Porto, PT"
    assert places.of("2620:fe::9") == ""


@pytest.mark.parametrize("broken", [b"", b"no database", "cut"])
def test_a_broken_file_of_places_breaks_nothing(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: bytes | str
) -> None:
    path = write(tmp_path / "city.mmdb", LISBON)
    settings.GEOIP_FILE = str(path)
    assert places.of("9.9.9.9")
    # Over the file that is open, as no careful program would.
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if isinstance(broken, str) else broken)
    for _ in range(3):
        assert places.of("9.9.9.9") == ""
    assert len([one for one in caplog.records if one.name == "accounts.places"]) == 1
    write(path, LISBON)
    assert places.of("9.9.9.9") == "Lisbon, Portugal"


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"city": {"names": {"en": "A\u202eB\x00"}}, "country": {}}, "A B"),
        ({"city": {"names": {"en": "x" * 300}}}, "x" * places.TOLD),
        ({"country": {"names": {"en": "Portugal"}}}, "Portugal"),
        ({"city": 7, "country": ["x"]}, ""),
        ({}, ""),
    ],
)
def test_what_a_file_of_places_holds_is_one_short_line(
    settings: Settings, tmp_path: Path, found: dict[str, object], told: str
) -> None:
    settings.GEOIP_FILE = str(write(tmp_path / "odd.mmdb", found))
    assert places.of("9.9.9.9") == told
