"""The guard and the trust of this installation come from its settings."""

import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from pytest_django import Settings

from accounts.models import User
from connectivity.causes import explain, explain_cause
from connectivity.services import network, probing, trials
from connectivity.services.trials import TooManyTrialsError
from protocols.address import judge
from protocols.check import State
from protocols.types import Endpoint, Login, Security

NOW = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)


def test_nothing_private_is_open_by_default(settings: Settings) -> None:
    settings.CONNECTIVITY_ALLOWED_NETWORKS = []
    policy = network.policy()
    for address in ("127.0.0.1", "10.0.0.7", "192.168.1.1", "169.254.169.254", "::1", "fd00::1"):
        assert not judge(ip_address(address), policy), address
    assert judge(ip_address("93.184.215.14"), policy)


def test_the_operator_opens_a_named_network_only(settings: Settings) -> None:
    settings.CONNECTIVITY_ALLOWED_NETWORKS = ["10.1.0.0/16", "fd12::/16"]
    policy = network.policy()
    assert judge(ip_address("10.1.2.3"), policy)
    assert judge(ip_address("fd12::3"), policy)
    assert not judge(ip_address("10.2.0.1"), policy)


def test_the_operators_certificate_file_is_believed(settings: Settings) -> None:
    settings.CONNECTIVITY_CA_FILE = ""
    assert network.trust().ca_file is None
    settings.CONNECTIVITY_CA_FILE = "/etc/ssl/own.pem"
    assert network.trust().ca_file == "/etc/ssl/own.pem"


@pytest.mark.accept("A195")
def test_tests_are_counted_by_the_hour(user: User, other_user: User, settings: Settings) -> None:
    settings.CONNECTIVITY_TESTS_PER_HOUR = 3
    for minute in range(3):
        trials.take(user, now=NOW + timedelta(minutes=minute))
    with pytest.raises(TooManyTrialsError):
        trials.take(user, now=NOW + timedelta(minutes=10))
    trials.take(other_user, now=NOW + timedelta(minutes=10))
    trials.take(user, now=NOW + timedelta(minutes=61, seconds=30))


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("127.0.0.1", 143),
        ("localhost", 993),
        ("10.20.30.40", 993),
        ("169.254.169.254", 143),
        ("[::ffff:127.0.0.1]", 993),
        ("2130706433", 143),
        ("93.184.215.14", 22),
        ("no such host", 143),
    ],
)
def test_every_refused_address_is_answered_alike(host: str, port: int, settings: Settings) -> None:
    """One cause, the same steps, no times, and never sooner than a second: no scanner."""
    settings.CONNECTIVITY_ALLOWED_NETWORKS = []
    began = time.monotonic()
    report = probing.probe("imap", Endpoint(host, port, Security.TLS), Login("mara", "x"))
    # A lower bound only: a slow machine cannot break it.
    assert time.monotonic() - began >= probing.LEAST >= 1.0
    assert report.error is not None
    assert report.error.cause == "address-refused"
    states = [State.OK, State.FAILED, *[State.NOT_REACHED] * 3]
    assert [stage.state for stage in report.stages] == states
    assert {stage.seconds for stage in report.stages} == {0.0}
    told = explain(report.error, host="mail.example.com", port=993)
    same = explain_cause("address-refused", {"host": told.sentence.split(" cannot")[0]})
    assert (told.title, told.sentence, told.action) == (same.title, same.sentence, same.action)
    assert told.server_line == ""


def test_a_name_that_leads_nowhere_takes_as_long() -> None:
    began = time.monotonic()
    report = probing.probe("smtp", Endpoint("no-such-host.invalid", 587, Security.TLS), None)
    assert time.monotonic() - began >= probing.LEAST
    assert report.error is not None
    assert report.error.cause == "name-not-found"
    assert {stage.seconds for stage in report.stages} == {0.0}
