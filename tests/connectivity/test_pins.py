"""Pins belong to one person and one server, and count only where the domain allows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from accounts.models import Domain, User
from connectivity.models import CertificatePin, Feature
from connectivity.services import features, network, pins
from protocols.check import CheckReport
from protocols.errors import EncryptionFailed, LoginRefused, Stage
from protocols.tls import SeenCertificate

NOW = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
SEEN = SeenCertificate(
    sha256="ab" * 32,
    subject="CN=mail.college.test",
    issuer="CN=mail.college.test",
    names=("mail.college.test",),
    not_before=NOW - timedelta(days=30),
    not_after=NOW + timedelta(days=300),
)
HOST = "mail.college.test"


@pytest.fixture
def allowed(domain: Domain) -> None:
    features.set_switch(domain, Feature.CERTIFICATE_PINS, True)


def shown(seen: SeenCertificate | None) -> CheckReport:
    error = EncryptionFailed(Stage.ENCRYPTION, "tls-untrusted")
    error.certificate = seen
    return CheckReport((), error, None)


def test_nobody_pins_until_the_domain_allows_it(user: User) -> None:
    assert not pins.allowed(user)
    with pytest.raises(pins.PinsOffError):
        pins.add(user=user, host=HOST, port=993, seen=SEEN, now=NOW)
    assert not CertificatePin.objects.exists()


@pytest.mark.usefixtures("allowed")
def test_a_pin_counts_for_its_person_host_and_port_only(user: User, other_user: User) -> None:
    pins.add(user=user, host=HOST, port=993, seen=SEEN, now=NOW)
    assert network.trust(user, HOST, 993).pin == SEEN.sha256
    for same in ("MAIL.college.test", "mail.college.test."):
        assert network.trust(user, same, 993).pin == SEEN.sha256
    assert network.trust(user, HOST, 995).pin == ""
    assert network.trust(user, "college.test", 993).pin == ""
    assert network.trust(other_user, HOST, 993).pin == ""
    assert network.trust().pin == ""


@pytest.mark.usefixtures("allowed")
def test_switched_off_the_pin_counts_no_more_and_comes_back(
    user: User, domain: Domain, settings: Settings
) -> None:
    settings.CONNECTIVITY_CA_FILE = "/etc/ssl/own.pem"
    pins.add(user=user, host=HOST, port=993, seen=SEEN, now=NOW)
    features.set_switch(domain, Feature.CERTIFICATE_PINS, False)
    trust = network.trust(user, HOST, 993)
    assert (trust.pin, trust.ca_file) == ("", "/etc/ssl/own.pem")
    features.set_switch(domain, Feature.CERTIFICATE_PINS, True)
    assert network.trust(user, HOST, 993).pin == SEEN.sha256


@pytest.mark.usefixtures("allowed")
def test_only_the_certificate_agreed_to_is_accepted(user: User) -> None:
    def agree(sha256: str, report: CheckReport) -> bool:
        return pins.accept(user=user, host=HOST, port=993, sha256=sha256, report=report, now=NOW)

    assert not agree("cd" * 32, shown(SEEN))
    assert not agree("", shown(SEEN))
    assert not agree(SEEN.sha256, shown(None))
    assert not agree(SEEN.sha256, CheckReport((), LoginRefused(Stage.LOGIN), None))
    assert not CertificatePin.objects.exists()
    assert agree(SEEN.sha256.upper(), shown(SEEN))
    assert pins.sha256_for(user, HOST, 993) == SEEN.sha256


@pytest.mark.usefixtures("allowed")
def test_a_new_pin_takes_the_place_of_the_old_one(user: User) -> None:
    pins.add(user=user, host=HOST, port=993, seen=SEEN, now=NOW)
    renewed = replace(SEEN, sha256="cd" * 32)
    pins.add(user=user, host=HOST, port=993, seen=renewed, now=NOW)
    assert [pin.sha256 for pin in pins.of(user)] == ["cd" * 32]


@pytest.mark.usefixtures("allowed")
def test_a_removed_pin_is_gone_for_its_owner_alone(user: User, other_user: User) -> None:
    for person in (user, other_user):
        pins.add(user=person, host=HOST, port=993, seen=SEEN, now=NOW)
    pins.remove(user=user, host=HOST, port=993)
    assert list(pins.of(user)) == []
    assert network.trust(other_user, HOST, 993).pin == SEEN.sha256
