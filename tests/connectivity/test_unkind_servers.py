"""Hostile and broken servers: each failure is told by its stage, cause, sentence and next step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectivity import catalogue
from connectivity.causes import CAUSES, UNKNOWN
from connectivity.providers import by_key
from connectivity.report import shown
from protocols.address import AddressPolicy
from protocols.check import CheckReport, CheckStage, State, check
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin import ports
from standin.certs import TlsFiles
from standin.hostile import Hostile
from tests.connectivity.unkind import UNKIND, Unkind, encrypted, imap
from tests.web.names import NameServer

USERNAME = "mara@provider.test"
SECRET = "cl3ar-text-canary"


def tried(
    row: Unkind, port: int, policy: AddressPolicy, trust: Trust, host: str = "localhost"
) -> CheckReport:
    return check(
        row.kind,
        Endpoint(host, port, row.security),
        Login(USERNAME, SECRET),
        policy=policy,
        trust=trust,
        security=row.security,
        sender=USERNAME,
        deadline=6,
    )


def failed_stage(report: CheckReport) -> CheckStage:
    return next(stage.stage for stage in report.stages if stage.state == State.FAILED)


@pytest.mark.accept("A29", "A47")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("name", UNKIND)
def test_every_unkind_server_is_understood(
    name: str, loopback: AddressPolicy, trust: Trust, tls_files: TlsFiles
) -> None:
    row = UNKIND[name]
    with Hostile(encrypted(row.pair, tls_files, row.script)) as server:
        believed = Trust() if row.pair == "unknown" else trust
        report = tried(row, server.port, loopback, believed)
        port = server.port
    assert report.error is not None
    told = shown(
        report,
        host="localhost",
        port=port,
        username=USERNAME,
        provider=by_key(row.provider),
        may_pin=True,
        email=USERNAME,
    )
    assert told.problem is not None
    assert (told.problem.cause, failed_stage(report)) == (row.cause, row.stage)
    assert told.problem.sentence == row.sentence.format(port=port)
    assert catalogue.is_known(row.kind, report.error)
    offered = [button.action or button.url for button in told.problem.buttons]
    if row.button:
        assert [each for each in offered if each.startswith(row.button)], offered
    assert SECRET not in repr(told) + told.for_it
    assert USERNAME not in told.for_it


def test_there_are_forty_of_them_and_each_cause_is_a_named_one() -> None:
    assert len({(row.kind, row.sentence) for row in UNKIND.values()}) >= 40
    for row in UNKIND.values():
        assert CAUSES[row.cause].title != UNKNOWN.title


@pytest.mark.parametrize(
    ("host", "cause", "sentence"),
    [
        ("none.test", "name-not-found", "No server has the name none.test."),
        (
            "broken.test",
            "name-unsure",
            "The name service for broken.test is out of order at the moment.",
        ),
        (
            "silent.test",
            "name-timeout",
            "The name service for silent.test did not answer in time.",
        ),
    ],
)
def test_what_the_name_service_failed_at_is_told(
    loopback: AddressPolicy, trust: Trust, host: str, cause: str, sentence: str
) -> None:
    with NameServer() as names:
        names.fail("broken.test")
        names.silence("silent.test")
        policy = replace(loopback, nameservers=(names.address,))
        report = tried(UNKIND["silent"], 993, policy, trust, host)
    told = shown(report, host=host, port=993)
    assert told.problem is not None
    assert (told.problem.cause, told.problem.sentence) == (cause, sentence)
    assert failed_stage(report) == CheckStage.NAME


def test_a_closed_port_and_a_forbidden_address_are_told(
    loopback: AddressPolicy, trust: Trust
) -> None:
    (port,) = ports.pick([0])
    told = shown(
        tried(UNKIND["silent"], port, loopback, trust), host="localhost", port=port, kind="imap"
    )
    assert told.problem is not None
    assert told.problem.cause == "port-closed"
    assert [button.action for button in told.problem.buttons] == ["port:993"]
    report = tried(UNKIND["silent"], 993, AddressPolicy(), trust, "127.0.0.1")
    told = shown(report, host="127.0.0.1", port=993)
    assert told.problem is not None
    assert told.problem.cause == "address-refused"


def test_words_nobody_knows_are_shown_as_they_are_and_not_called_a_wrong_password(
    loopback: AddressPolicy, trust: Trust
) -> None:
    with Hostile(imap("NO quux 17 flarp")) as server:
        report = tried(UNKIND["refused"], server.port, loopback, trust)
        told = shown(report, host="localhost", port=server.port)
    assert report.error is not None
    assert not catalogue.is_known("imap", report.error)
    assert told.problem is not None
    assert told.problem.server_line == "quux 17 flarp"
    assert "Server said: quux 17 flarp" in told.for_it
    assert report.security == Security.NONE
