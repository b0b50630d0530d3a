"""Servers that hang, lie, drop and speak something else: always an error, never a secret."""

import ssl
from collections.abc import Sequence

import pytest

from protocols.address import AddressPolicy
from protocols.check import Kind, State
from protocols.errors import (
    EncryptionFailed,
    Later,
    LoginLater,
    LoginMethod,
    LoginRefused,
    MailServerError,
    ProtocolBroken,
)
from protocols.imap import ImapSource
from protocols.pop3 import Pop3Source
from protocols.tls import Trust
from protocols.types import Endpoint, Security
from standin.certs import Pair, TlsFiles
from standin.dovecot import Dovecot
from standin.hostile import Drip, Drop, Expect, Hang, Hostile, Send, Step, Tls
from standin.smtp import SmtpServer
from tests.protocols.scripted import (
    CAPS,
    CLEAR,
    GREET,
    LOGIN,
    SECRET,
    SIGNED_IN,
    Reach,
    Try,
)

# --- encryption ---------------------------------------------------------------------------------


@pytest.mark.accept("A196")
@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (CLEAR, "tls-not-offered"),
        ([*GREET, Expect(b"STARTTLS"), Send(b"%TAG% NO not today\r\n")], "tls-not-offered"),
        ([*GREET, Expect(b"STARTTLS"), Send(b"%TAG% BAD what\r\n")], "tls-not-offered"),
        (
            [*GREET, Expect(b"STARTTLS"), Send(b"%TAG% OK go\r\n* CAPABILITY IMAP4rev1\r\n")],
            "tls-tampered",
        ),
        ([Send(b"* PREAUTH welcome back\r\n")], "tls-tampered"),
        ([*GREET, Expect(b"STARTTLS"), Send(b"%TAG% OK go\r\n"), Drop()], "tls-failed"),
        ([*GREET, Expect(b"STARTTLS"), Send(b"%TAG% OK go\r\n"), Expect(), Drop()], "tls-failed"),
    ],
    ids=["stripped", "no", "bad", "injected", "preauth", "closed", "closed in handshake"],
)
def test_no_imap_password_travels_without_the_encryption_asked_for(
    imap: Reach, script: Sequence[Step], cause: str
) -> None:
    ends = isinstance(script[-1], Drop)
    with Hostile(script if ends else [*script, Hang()]) as server:
        with pytest.raises(EncryptionFailed) as caught:
            imap(server, Security.STARTTLS)
        assert caught.value.cause == cause
        assert SECRET.encode() not in server.clear_text
        assert b"LOGIN" not in server.clear_text


@pytest.mark.accept("A196")
@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"-ERR no such command\r\n", "tls-not-offered"),
        (b"+OK go\r\n+OK injected\r\n", "tls-tampered"),
    ],
)
def test_no_pop_password_travels_without_the_encryption_asked_for(
    loopback: AddressPolicy, trust: Trust, answer: bytes, cause: str
) -> None:
    with Hostile([Send(b"+OK ready\r\n"), Expect(b"STLS"), Send(answer), Hang()]) as server:
        endpoint = Endpoint("localhost", server.port, Security.STARTTLS)
        with pytest.raises(EncryptionFailed) as caught:
            Pop3Source.open(endpoint, LOGIN, policy=loopback, trust=trust, deadline=30)
        assert caught.value.cause == cause
        assert b"USER" not in server.clear_text


@pytest.mark.parametrize("kind", ["imap", "pop", "smtp"])
@pytest.mark.parametrize(
    ("pair", "cause"),
    [("wrong_name", "tls-name"), ("expired", "tls-expired"), ("self_signed", "tls-untrusted")],
)
def test_a_bad_certificate_is_named_and_never_accepted(
    tried: Try, tls_files: TlsFiles, kind: Kind, pair: str, cause: str
) -> None:
    bad: Pair = getattr(tls_files, pair)
    with Hostile([Tls(bad), Send(b"* OK hello\r\n"), Hang()]) as server:
        report = tried(kind, server.port, Security.TLS)
        assert report.error is not None
        assert report.error.cause == cause
        assert not any(heard.encrypted for heard in server.heard)


def test_the_certificate_must_bear_the_name_that_was_typed(
    imap: Reach, tls_files: TlsFiles
) -> None:
    """A good certificate under an address it does not hold; 127.0.0.2 is loopback too."""
    with (
        Hostile([Tls(tls_files.good), Hang()], host="127.0.0.2") as server,
        pytest.raises(EncryptionFailed) as caught,
    ):
        imap(server, Security.TLS, host="127.0.0.2")
    assert caught.value.cause == "tls-name"


def test_an_unknown_authority_is_not_believed(loopback: AddressPolicy, dovecot: Dovecot) -> None:
    endpoint = Endpoint("localhost", dovecot.imaps_port, Security.TLS)
    with pytest.raises(EncryptionFailed) as caught:
        ImapSource.open(endpoint, LOGIN, policy=loopback, trust=Trust())
    assert caught.value.cause == "tls-untrusted"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_tls_is_refused(imap: Reach, tls_files: TlsFiles) -> None:
    with (
        Hostile([Tls(tls_files.good, ssl.TLSVersion.TLSv1_1), Hang()]) as server,
        pytest.raises(EncryptionFailed),
    ):
        imap(server, Security.TLS)


# --- wrong protocol -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "greeting"),
    [
        ("imap", b"+OK POP here\r\n"),
        ("imap", b"220 SMTP here\r\n"),
        ("imap", b"HTTP/1.1 400 Bad Request\r\n"),
        ("imap", b"SSH-2.0-x\r\n"),
        ("pop", b"* OK IMAP here\r\n"),
        ("pop", b"220 SMTP here\r\n"),
        ("smtp", b"* OK IMAP here\r\n"),
        ("smtp", b"+OK POP here\r\n"),
    ],
)
@pytest.mark.parametrize("security", [Security.NONE, Security.TLS])
def test_another_kind_of_server_is_recognised(
    tried: Try, tls_files: TlsFiles, kind: Kind, greeting: bytes, security: Security
) -> None:
    start: list[Step] = [Tls(tls_files.good)] if security is Security.TLS else []
    with Hostile([*start, Send(greeting), Hang()]) as server:
        report = tried(kind, server.port, security)
    assert report.error is not None
    assert report.error.cause == "wrong-protocol"
    assert not report.error.temporary
    assert "wanted" in report.error.params


@pytest.mark.parametrize("kind", ["imap", "pop", "smtp"])
def test_tls_and_clear_ports_are_not_confused(
    tried: Try, dovecot: Dovecot, smtp_server: SmtpServer, kind: Kind
) -> None:
    inside, clear = {
        "imap": (dovecot.imaps_port, dovecot.imap_port),
        "pop": (dovecot.pop3s_port, dovecot.pop3_port),
        "smtp": (smtp_server.tls_port, smtp_server.port),
    }[kind]
    for security in (Security.NONE, Security.STARTTLS):
        report = tried(kind, inside, security, deadline=5)
        assert report.error is not None
        assert report.error.cause == "tls-from-start"
    report = tried(kind, clear, Security.TLS)
    assert report.error is not None
    assert report.error.cause == "no-tls-there"


# --- signing in ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"NO [AUTHENTICATIONFAILED] wrong", LoginRefused),
        (b"NO cannot log in with " + SECRET.encode(), LoginRefused),
        (b"NO [UNAVAILABLE] directory is down", LoginLater),
        (b"NO [LIMIT] Too many simultaneous connections", Later),
        (b"NO [INUSE] mailbox is locked", Later),
        (b"NO [PRIVACYREQUIRED] use TLS", LoginMethod),
        (b"BAD what", LoginRefused),
    ],
)
def test_a_refused_sign_in_is_what_the_server_says_it_is(
    imap: Reach, answer: bytes, expected: type[MailServerError]
) -> None:
    with (
        Hostile([*CLEAR, Expect(b"LOGIN"), Send(b"%TAG% " + answer + b"\r\n"), Hang()]) as server,
        pytest.raises(expected) as caught,
    ):
        imap(server)
    assert SECRET not in str(caught.value) + repr(caught.value) + caught.value.server_line


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"-ERR [AUTH] no\r\n", LoginRefused),
        (b"-ERR [IN-USE] Unable to lock maildrop\r\n", Later),
        (b"-ERR [LOGIN-DELAY] wait a few minutes\r\n", Later),
        (b"garbage\r\n", ProtocolBroken),
    ],
)
def test_a_refused_pop_sign_in_is_what_the_server_says_it_is(
    loopback: AddressPolicy, trust: Trust, answer: bytes, expected: type[MailServerError]
) -> None:
    script: list[Step] = [
        Send(b"+OK\r\n"),
        Expect(b"USER"),
        Send(b"+OK\r\n"),
        Expect(b"PASS"),
        Send(answer),
    ]
    with Hostile([*script, Hang()]) as server, pytest.raises(expected):
        Pop3Source.open(
            Endpoint("localhost", server.port, Security.NONE),
            LOGIN,
            policy=loopback,
            trust=trust,
            deadline=30,
        )


def test_a_server_that_forbids_clear_sign_in_gets_no_password(imap: Reach) -> None:
    script: list[Step] = [
        Send(b"* OK x\r\n"),
        Expect(b"CAPABILITY"),
        Send(CAPS % b"LOGINDISABLED"),
        Hang(),
    ]
    with Hostile(script) as server, pytest.raises(LoginMethod):
        imap(server)
    assert SECRET.encode() not in server.clear_text


def test_a_busy_server_is_not_a_wrong_password(imap: Reach) -> None:
    with (
        Hostile([Send(b"* BYE too many connections\r\n"), Drop()]) as server,
        pytest.raises(Later) as caught,
    ):
        imap(server)
    assert caught.value.temporary


# --- time ---------------------------------------------------------------------------------------

HANGS: dict[str, list[Step]] = {
    "silent": [Hang()],
    "half a greeting": [Send(b"* O"), Hang()],
    "after the greeting": [Send(b"* OK x\r\n"), Hang()],
    "after sign-in": [*SIGNED_IN, Hang()],
    "drip": [Drip(b"* OK " + b"x" * 3000)],
    "drip in the list": [*SIGNED_IN, Expect(b"LIST"), Drip(b'* LIST () "/" ' + b"y" * 3000)],
    "endless list": [*SIGNED_IN, Expect(b"LIST"), Send(b"* OK still here\r\n" * 1000), Hang()],
}


@pytest.mark.parametrize("name", HANGS)
def test_a_check_ends_whatever_the_server_does(tried: Try, name: str) -> None:
    """No timing here: a check that did not end would run into the suite's own limit."""
    with Hostile(HANGS[name]) as server:
        report = tried("imap", server.port, Security.NONE, deadline=1.5)
    assert report.error is not None
    assert report.error.cause == "hung"
    states = [result.state for result in report.stages]
    failed = states.index(State.FAILED)
    assert set(states[:failed]) <= {State.OK}
    assert set(states[failed + 1 :]) <= {State.NOT_REACHED}


@pytest.mark.parametrize("kind", ["imap", "pop", "smtp"])
@pytest.mark.parametrize("security", list(Security))
def test_silence_and_closing_end_every_check(tried: Try, kind: Kind, security: Security) -> None:
    with Hostile([Hang()]) as server:
        report = tried(kind, server.port, security, deadline=1)
        assert report.error is not None
        assert report.error.cause in ("hung", "tls-failed")
    with Hostile([Drop(hard=True)]) as server:
        report = tried(kind, server.port, security)
        assert report.error is not None
        assert report.error.cause in ("dropped", "tls-failed")
