"""Remote pictures of mail: fetched by us, through the guard, and never more than pictures."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.waiting import wait_until
from tests.web.site import Web
from tests.webmail.samples import picture
from webmail.pieces import image_url, read_image
from webmail.services import pictures

PNG = picture()
HUGE = b"GIF89a" + struct.pack("<HH", 60_000, 60_000) + bytes(100)


@pytest.fixture(autouse=True)
def nothing_kept(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.DATA_DIR = tmp_path
    pictures.asked.times.clear()
    yield
    pictures.asked.times.clear()


def at(web: Web, path: str) -> str:
    return f"http://127.0.0.1:{web.http}{path}"


def test_a_picture_comes_through_our_site(user: User, client: Client, web_server: Web) -> None:
    web_server.put("http://127.0.0.1/a.png", PNG, Content_Type="text/html", Set_Cookie="a=b")
    address = image_url(user.pk, at(web_server, "/a.png?who=mara"))
    # A stranger with the address is what the sandboxed frame looks like.
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.content == PNG
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'; ")
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies
    (request,) = web_server.requests
    assert request.target == "/a.png?who=mara"
    assert request.headers["user-agent"] == "Tributary"
    told = {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert set(request.headers) <= told
    assert client.get(address).content == PNG
    assert len(web_server.requests) == 1, "one fetch for all openings"


def test_only_who_was_given_the_address_sees_it(
    user: User, other_user: User, client: Client, web_server: Web
) -> None:
    good = image_url(user.pk, at(web_server, "/a.png"))
    token = good.rstrip("/").rpartition("/")[2]
    for forged in (token[:-3] + "xxx", "x", token.replace(":", "", 1), "." + token):
        assert client.get(f"/image/{forged}/").status_code == 404
    assert read_image(token) == (user.pk, at(web_server, "/a.png"))
    with patch("django.core.signing.time.time", return_value=1_000_000_000):
        old = image_url(user.pk, at(web_server, "/a.png"))
    assert client.get(old).status_code == 404
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get(good).status_code == 404
    assert not web_server.requests


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 200),
        (b"<html><script>alert(1)</script>", 200), (b"", 200), (PNG, 404), (PNG, 500), (HUGE, 200),
        (PNG + bytes(pictures.CAP), 200), (PNG[:20], 200),
    ],
)  # fmt: skip
def test_what_is_no_bearable_picture_is_not_shown(
    user: User, client: Client, web_server: Web, body: bytes, status: int
) -> None:
    web_server.put("http://127.0.0.1/a.png", body, status=status)
    address = image_url(user.pk, at(web_server, "/a.png"))
    assert client.get(address).status_code == 404
    assert client.get(address).status_code == 404
    assert len(web_server.requests) == 1, "and not asked for again at once"


def test_redirects_are_judged_one_by_one(
    user: User, client: Client, web_server: Web, settings: Settings
) -> None:
    web_server.put("http://127.0.0.1/3", PNG)
    for step in range(3):
        web_server.move(f"http://127.0.0.1/{step}", at(web_server, f"/{step + 1}"))
    web_server.move("http://127.0.0.1/more", at(web_server, "/0"))
    web_server.move("http://127.0.0.1/file", "file:///etc/passwd")
    web_server.move("http://127.0.0.1/away", f"http://[::1]:{web_server.http}/3")
    assert client.get(image_url(user.pk, at(web_server, "/0"))).status_code == 200
    assert client.get(image_url(user.pk, at(web_server, "/more"))).status_code == 404
    assert client.get(image_url(user.pk, at(web_server, "/file"))).status_code == 404
    settings.CONNECTIVITY_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    seen = len(web_server.requests)
    assert client.get(image_url(user.pk, at(web_server, "/away"))).status_code == 404
    assert len(web_server.requests) == seen + 1


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433", "0x7f000001"],
)
def test_our_own_networks_are_out_of_reach(
    user: User, client: Client, web_server: Web, settings: Settings, host: str
) -> None:
    settings.CONNECTIVITY_ALLOWED_NETWORKS = []
    address = f"http://{host}:{web_server.http}/a.png"
    assert client.get(image_url(user.pk, address)).status_code == 404
    assert not web_server.requests


@pytest.mark.parametrize(
    "address", ["https://example.test:8443/a", "http://example.test:25/a", "ftp://example.test/a"]
)
def test_only_the_ports_of_the_web(user: User, client: Client, address: str) -> None:
    assert client.get(image_url(user.pk, address)).status_code == 404


def test_so_many_a_minute_and_others_have_their_own(
    user: User, other_user: User, client: Client, web_server: Web
) -> None:
    web_server.put("http://127.0.0.1/a.png", PNG)
    for number in range(pictures.A_MINUTE):
        address = image_url(user.pk, at(web_server, f"/a.png?{number}"))
        assert client.get(address).status_code == 200
    more = image_url(user.pk, at(web_server, "/a.png?more"))
    busy = client.get(more)
    assert busy.status_code == 503
    assert busy["Retry-After"]
    assert client.get(address).status_code == 200, "what is here is not counted"
    other = image_url(other_user.pk, at(web_server, "/a.png?more"))
    assert client.get(other).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_slow_servers_do_not_take_all_threads(user: User, web_server: Web) -> None:
    """So many wait at once; the next is told to come again instead of waiting too."""
    web_server.hang("http://127.0.0.1/slow")
    addresses = [at(web_server, f"/slow?{number}") for number in range(pictures.AT_ONCE)]
    with ThreadPoolExecutor(pictures.AT_ONCE) as pool:
        waiting = [pool.submit(pictures.fetch, user.pk, one) for one in addresses]
        wait_until(lambda: len(web_server.requests) == pictures.AT_ONCE, "all wait")
        with pytest.raises(pictures.Busy):
            pictures.fetch(user.pk, at(web_server, "/other"))
        web_server.over.set()
        assert [one.result() for one in waiting] == [None] * pictures.AT_ONCE
    assert threading.active_count() < 100


def test_a_server_that_gave_nothing_is_asked_again_later(
    user: User, client: Client, web_server: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = image_url(user.pk, at(web_server, "/a.png"))
    assert client.get(address).status_code == 404
    web_server.put("http://127.0.0.1/a.png", PNG)
    assert client.get(address).status_code == 404
    monkeypatch.setattr(pictures, "REST", -1.0)
    assert client.get(address).status_code == 200
