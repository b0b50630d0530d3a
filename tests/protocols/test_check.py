"""Checks against servers that behave."""

import pytest

from protocols.address import AddressPolicy
from protocols.check import STAGES, CheckStage, Kind, State, _Clock, check
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.dovecot import Dovecot
from standin.smtp import SmtpServer

LOGIN = Login("mara", "a pass word")


@pytest.mark.parametrize("require_ssl", [True, False])
@pytest.mark.parametrize(
    ("kind", "port", "found"),
    [
        ("imap", "imap_port", Security.STARTTLS),
        ("imap", "imaps_port", Security.TLS),
        ("pop", "pop3_port", Security.STARTTLS),
        ("pop", "pop3s_port", Security.TLS),
    ],
)
def test_finds_out_how_a_server_encrypts(
    dovecot: Dovecot,
    loopback: AddressPolicy,
    trust: Trust,
    kind: Kind,
    port: str,
    found: Security,
    require_ssl: bool,
) -> None:
    endpoint = Endpoint("localhost", getattr(dovecot, port), Security.NONE)
    report = check(kind, endpoint, LOGIN, policy=loopback, trust=trust, require_ssl=require_ssl)
    assert report.ok, str(report.error)
    assert report.security is found
    assert [result.state for result in report.stages] == [State.OK] * 5
    assert "messages" in report.facts


def test_counts_what_the_mailbox_holds(
    dovecot: Dovecot, loopback: AddressPolicy, trust: Trust
) -> None:
    dovecot.add_user("counted", "x y z")
    for folder in ("INBOX", "INBOX", "Work"):
        dovecot.append("counted", folder, b"Subject: x\r\n\r\nx\r\n")
    login = Login("counted", "x y z")
    for kind, port, facts in (
        ("imap", dovecot.imaps_port, {"folders": 7, "messages": 3, "bytes": 51, "idle": 1}),
        ("pop", dovecot.pop3s_port, {"messages": 2, "bytes": 34}),
    ):
        endpoint = Endpoint("localhost", port, Security.TLS)
        report = check(kind, endpoint, login, policy=loopback, trust=trust)  # type: ignore[arg-type] # a literal in a tuple
        assert facts.items() <= report.facts.items()
        assert report.facts["tls_version"] == "TLS 1.3"
        assert str(report.facts["valid_until"]).startswith("20")


def test_a_failed_sign_in_is_shown_at_its_stage(
    dovecot: Dovecot, loopback: AddressPolicy, trust: Trust
) -> None:
    endpoint = Endpoint("localhost", dovecot.imaps_port, Security.TLS)
    report = check("imap", endpoint, Login("mara", "no"), policy=loopback, trust=trust)
    states = {result.stage: result.state for result in report.stages}
    assert states[CheckStage.SIGN_IN] is State.FAILED
    assert states[CheckStage.FOLDERS] is State.NOT_REACHED
    assert report.error is not None
    assert report.error.public % report.error.params
    assert report.security is Security.TLS


def test_an_smtp_check_offers_the_sender_and_sends_nothing(
    smtp_server: SmtpServer, loopback: AddressPolicy, trust: Trust
) -> None:
    endpoint = Endpoint("localhost", smtp_server.tls_port, Security.TLS)
    report = check(
        "smtp", endpoint, LOGIN, policy=loopback, trust=trust, sender="mara@provider.test"
    )
    assert report.ok, str(report.error)
    assert report.facts["sender"] == 1
    assert smtp_server.accepted == []
    smtp_server.refuse = {"other@provider.test": "553 5.7.1 not yours"}
    report = check(
        "smtp", endpoint, LOGIN, policy=loopback, trust=trust, sender="other@provider.test"
    )
    assert report.error is not None
    assert report.stages[-1].state is State.FAILED


def test_without_a_login_there_is_no_sign_in_stage(
    smtp_server: SmtpServer, loopback: AddressPolicy, trust: Trust
) -> None:
    endpoint = Endpoint("localhost", smtp_server.port, Security.NONE)
    report = check("smtp", endpoint, None, policy=loopback, trust=trust)
    assert report.ok
    stages = [result.stage for result in report.stages]
    assert stages == [one for one in STAGES["smtp"] if one is not CheckStage.SIGN_IN]


def test_the_guard_holds_for_checks(dovecot: Dovecot, trust: Trust) -> None:
    endpoint = Endpoint("localhost", dovecot.imaps_port, Security.TLS)
    report = check("imap", endpoint, LOGIN, policy=AddressPolicy(), trust=trust)
    assert report.error is not None
    assert report.error.cause == "address-refused"
    assert report.security is None


def test_where_a_name_leads_is_told_of_public_addresses_only(
    dovecot: Dovecot, loopback: AddressPolicy, trust: Trust
) -> None:
    endpoint = Endpoint("localhost", dovecot.imaps_port, Security.TLS)
    report = check("imap", endpoint, LOGIN, policy=loopback, trust=trust)
    assert report.ok
    assert "address" not in report.facts
    clock = _Clock(1)
    for text in ("10.0.0.7", "fd00::7", "169.254.169.254", "::ffff:10.0.0.7"):
        clock.note("address", text)
    assert clock.facts == {}
    clock.note("address", "9.9.9.9")
    assert clock.facts == {"address": "9.9.9.9"}


def test_what_was_learnt_before_a_failure_is_kept(
    dovecot: Dovecot, smtp_server: SmtpServer, loopback: AddressPolicy, trust: Trust
) -> None:
    ports: dict[Kind, int] = {
        "imap": dovecot.imap_port,
        "pop": dovecot.pop3_port,
        "smtp": smtp_server.port,
    }
    for kind, port in ports.items():
        endpoint = Endpoint("localhost", port, Security.STARTTLS)
        report = check(
            kind, endpoint, Login("mara", "no"), policy=loopback, trust=trust,
            security=Security.STARTTLS,
        )  # fmt: skip
        assert report.error is not None
        assert report.error.stage == "login"
        assert report.facts["tls_version"] == "TLS 1.3"
        assert "valid_until" in report.facts
        assert report.kind == kind


@pytest.mark.parametrize(
    ("kind", "port"), [("imap", "imaps_port"), ("imap", "imap_port"), ("pop", "pop3s_port")]
)
def test_tells_each_step_once_there_is_a_connection(
    dovecot: Dovecot,
    loopback: AddressPolicy,
    trust: Trust,
    kind: Kind,
    port: str,
) -> None:
    told: list[CheckStage] = []
    endpoint = Endpoint("localhost", getattr(dovecot, port), Security.NONE)
    check(kind, endpoint, LOGIN, policy=loopback, trust=trust, reached=told.append)
    assert list(dict.fromkeys(told)) == ["encryption", "connect", "sign-in", "folders"]


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_tells_nothing_of_where_no_connection_may_lead(host: str, trust: Trust) -> None:
    told: list[CheckStage] = []
    endpoint = Endpoint(host, 993, Security.TLS)
    check("imap", endpoint, LOGIN, policy=AddressPolicy(), trust=trust, reached=told.append)
    assert told == []
