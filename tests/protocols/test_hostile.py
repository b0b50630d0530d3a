"""Servers that hang, lie, drop and speak something else: always an error, never a secret."""

import ssl
from collections.abc import Callable, Sequence

import pytest

from protocols.address import AddressPolicy
from protocols.check import CheckReport, Kind, State, check
from protocols.errors import (
    Dropped,
    EncryptionFailed,
    LoginLater,
    LoginMethod,
    LoginRefused,
    MailServerError,
    ProtocolBroken,
    Refused,
)
from protocols.imap import ImapSource
from protocols.pop3 import Pop3Source
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.certs import Pair, TlsFiles
from standin.dovecot import Dovecot
from standin.hostile import Drip, Drop, Expect, Hang, Hostile, Send, Step, Tls
from standin.smtp import SmtpServer

SECRET = "cl3ar-text-canary"
LOGIN = Login("mara", SECRET)
CAPS = b"* CAPABILITY IMAP4rev1 %b\r\n%%TAG%% OK done\r\n"
GREET: list[Step] = [Send(b"* OK ready\r\n"), Expect(b"CAPABILITY"), Send(CAPS % b"STARTTLS")]
CLEAR: list[Step] = [Send(b"* OK ready\r\n"), Expect(b"CAPABILITY"), Send(CAPS % b"")]
SIGNED_IN: list[Step] = [
    *CLEAR,
    Expect(b"LOGIN"),
    Send(b"%TAG% OK in\r\n"),
    Expect(b"CAPABILITY"),
    Send(CAPS % b"LIST-STATUS"),
]
OPENED: list[Step] = [
    *SIGNED_IN,
    Expect(b"EXAMINE"),
    Send(b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 4] x\r\n%TAG% OK done\r\n"),
]
Reach = Callable[..., ImapSource]


@pytest.fixture
def imap(loopback: AddressPolicy, trust: Trust) -> Reach:
    def reached(
        server: Hostile,
        security: Security = Security.NONE,
        *,
        deadline: float = 4,
        host: str = "localhost",
    ) -> ImapSource:
        endpoint = Endpoint(host, server.port, security)
        return ImapSource.open(endpoint, LOGIN, policy=loopback, trust=trust, deadline=deadline)

    return reached


Try = Callable[..., CheckReport]


@pytest.fixture
def tried(loopback: AddressPolicy, trust: Trust) -> Try:
    def report(
        kind: Kind,
        port: int,
        security: Security | None = None,
        *,
        login: Login = LOGIN,
        require_ssl: bool = True,
        deadline: float = 4,
        host: str = "localhost",
    ) -> CheckReport:
        return check(
            kind,
            Endpoint(host, port, security or Security.TLS),
            login,
            policy=loopback,
            trust=trust,
            security=security,
            require_ssl=require_ssl,
            sender="mara@provider.test",
            deadline=deadline,
        )

    return report


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
    with (
        Hostile([*script, Hang()] if not isinstance(script[-1], Drop) else script) as server,
        pytest.raises(EncryptionFailed) as caught,
    ):
        imap(server, Security.STARTTLS, deadline=2)
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
            Pop3Source.open(endpoint, LOGIN, policy=loopback, trust=trust, deadline=3)
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
        report = tried(kind, inside, security)
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
        (b"NO [LIMIT] Too many simultaneous connections", LoginLater),
        (b"NO [INUSE] mailbox is locked", LoginLater),
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
        (b"-ERR [IN-USE] Unable to lock maildrop\r\n", LoginLater),
        (b"-ERR [LOGIN-DELAY] wait a few minutes\r\n", LoginLater),
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
            deadline=3,
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
        pytest.raises(LoginLater) as caught,
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


# --- answers that lie ---------------------------------------------------------------------------


def fetched(server: Hostile, reach: Reach) -> list[tuple[int, bytes]]:
    with reach(server) as source:
        source.examine(b"INBOX")
        groups = source.fetch([1, 2, 3])
        return [(message.uid, message.body.read()) for group in groups for message in group]


def fetch_answer(data: bytes) -> list[Step]:
    return [*OPENED, Expect(b"UID FETCH"), Send(data)]


def test_a_body_counts_only_if_asked_for_and_present(imap: Reach) -> None:
    answer = (
        b"* 1 FETCH (FLAGS (\\Seen))\r\n"
        b"* 9 FETCH (UID 99 BODY[] {3}\r\nxxx)\r\n"
        b"* 1 FETCH (UID 1 FLAGS () BODY[] NIL)\r\n"
        b"* 2 FETCH (UID 2 BODY[] {0}\r\n)\r\n"
        b'* 3 FETCH (BODY[] "short \\"one\\"" UID 3)\r\n'
        b"%TAG% OK done\r\n"
    )
    with Hostile([*fetch_answer(answer), Hang()]) as server:
        assert fetched(server, imap) == [(3, b'short "one"')]


def test_items_may_come_in_any_order(imap: Reach) -> None:
    answer = b"* 1 FETCH (BODY[] {5}\r\nhello FLAGS (\\Seen) UID 2)\r\n%TAG% OK done\r\n"
    with Hostile([*fetch_answer(answer), Hang()]) as server:
        assert fetched(server, imap) == [(2, b"hello")]


@pytest.mark.parametrize(
    ("answer", "end", "expected"),
    [
        (b"* 1 FETCH (UID 1 BODY[] {50}\r\nonly this)\r\n", Drop(), Dropped),
        (b"* 1 FETCH (UID 1 BODY[] {3}\r\nlonger than said)\r\n", Drop(), Dropped),
        (b"* 1 FETCH (UID 1 BODY[] {3}\r\nlonger\r\n%TAG% OK\r\n", Hang(), ProtocolBroken),
        (b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n", Hang(), ProtocolBroken),
        (b"* 1 FETCH (UID 1 BODY[] {5}\r\nhello)\r\n* BYE expired\r\n", Hang(), Dropped),
        (b"T99 OK who asked\r\n", Hang(), ProtocolBroken),
        (b"* " + b"z" * 1_100_000, Hang(), ProtocolBroken),
    ],
    ids=["cut", "junk", "too short", "huge", "bye", "foreign tag", "endless line"],
)
def test_a_broken_body_is_an_error_and_the_connection_of_no_more_use(
    imap: Reach, answer: bytes, end: Step, expected: type[MailServerError]
) -> None:
    with Hostile([*fetch_answer(answer), end]) as server, imap(server) as source:
        source.examine(b"INBOX")
        with pytest.raises(expected):
            list(source.fetch([1, 2, 3]))
        with pytest.raises(MailServerError):
            source.scan(1, 3)


def test_a_refused_batch_is_handed_out_as_far_as_it_came(imap: Reach) -> None:
    answer = b"* 1 FETCH (UID 1 BODY[] {2}\r\nhi)\r\n%TAG% NO [SERVERBUG] sorry\r\n"
    with Hostile([*fetch_answer(answer), Hang()]) as server, imap(server) as source:
        source.examine(b"INBOX")
        groups = source.fetch([1, 2])
        assert [message.uid for message in next(groups)] == [1]
        with pytest.raises(Refused) as caught:
            next(groups)
    assert "SERVERBUG" in caught.value.server_line


def test_one_bad_line_does_not_lose_the_list(imap: Reach) -> None:
    answer = (
        b'* LIST () "/" INBOX\r\n'
        b'* LIST (\\HasNoChildren "/" broken\r\n'
        b'* LIST () "/" "Foo&Bar"\r\n'
        b'* LIST () "/" "a(b"\r\n'
        b"* LIST () NIL flat\r\n"
        b'* LIST (\\Noselect) "/" ghost\r\n'
        b'* LIST () "." {7}\r\nB\xc3\xbccher\r\n'
        b'* LIST () "/" "\xff\xfe raw"\r\n'
        b"* LIST nonsense\r\n"
        b"* STATUS INBOX (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 5)\r\n"
        b"%TAG% OK done\r\n"
    )
    no = [step for _ in range(6) for step in (Expect(b"STATUS"), Send(b"%TAG% NO ghost\r\n"))]
    with Hostile([*SIGNED_IN, Expect(b"LIST"), Send(answer), *no, Hang()]) as server:
        source = imap(server)
        boxes = {box.raw_name: box for box in source.list_folders()}
    assert boxes[b"Foo&Bar"].name == "Foo&Bar"
    assert boxes[b"B\xc3\xbccher"].name == "Bücher"
    assert boxes[b"flat"].delimiter is None
    assert not boxes[b"ghost"].selectable
    assert {b"INBOX", b"a(b", b"\xff\xfe raw"} <= set(boxes)
    status = boxes[b"INBOX"].status
    assert status is not None
    assert (status.messages, status.uidnext, status.uidvalidity) == (3, 9, 5)


def test_dates_that_do_not_exist_are_none(imap: Reach) -> None:
    answer = b"".join(
        b'* %d FETCH (UID %d RFC822.SIZE 5 INTERNALDATE "%b" FLAGS ())\r\n' % (uid, uid, date)
        for uid, date in enumerate(
            [
                b" 1-Feb-2024 10:00:00 +0100",
                b"00-Jan-0000 00:00:00 +0000",
                b"31-Feb-2024 10:00:00 +0000",
                b"nonsense",
                b"1-Jan-2024 23:59:60 -0030",
            ],
            1,
        )
    )
    with (
        Hostile([*fetch_answer(answer + b"%TAG% OK\r\n"), Hang()]) as server,
        imap(server) as source,
    ):
        source.examine(b"INBOX")
        metas = source.scan(1, 5)
    dates = [meta.internal_at.isoformat() if meta.internal_at else None for meta in metas]
    assert dates == ["2024-02-01T09:00:00+00:00", None, None, None, "2024-01-02T00:29:59+00:00"]


POP_IN: list[Step] = [
    Send(b"+OK\r\n"),
    Expect(b"USER"),
    Send(b"+OK\r\n"),
    Expect(b"PASS"),
    Send(b"+OK\r\n"),
    Expect(b"CAPA"),
    Send(b"-ERR unknown\r\n"),
]


@pytest.mark.parametrize(
    ("uidl", "expected"),
    [
        (b"-ERR unknown\r\n", [None, None, None]),
        (b"+OK\r\n1 a\r\n2 a\r\n3 b\r\n.\r\n", [None, None, "b"]),
        (
            b"+OK\r\n1   padded  \r\n2 two words\r\n3 " + b"z" * 200 + b"\r\n.\r\n",
            ["padded", None, None],
        ),
    ],
    ids=["none", "repeated", "odd"],
)
def test_odd_uidls_are_tolerated(
    loopback: AddressPolicy, trust: Trust, uidl: bytes, expected: list[str | None]
) -> None:
    listing: list[Step] = [Expect(b"LIST"), Send(b"+OK\r\n1 10\r\n2 20\r\n3 30\r\n.\r\n")]
    with Hostile([*POP_IN, *listing, Expect(b"UIDL"), Send(uidl), Hang()]) as server:
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        with Pop3Source.open(endpoint, LOGIN, policy=loopback, trust=trust) as source:
            assert [entry.uidl for entry in source.listing()] == expected


def test_a_message_cut_off_is_no_message(loopback: AddressPolicy, trust: Trust) -> None:
    with Hostile(
        [*POP_IN, Expect(b"RETR"), Send(b"+OK\r\nSubject: x\r\n\r\nhal"), Drop()]
    ) as server:
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        source = Pop3Source.open(endpoint, LOGIN, policy=loopback, trust=trust)
        with pytest.raises(Dropped):
            list(source.retrieve([1]))


def test_a_quit_without_an_answer_confirms_nothing(loopback: AddressPolicy, trust: Trust) -> None:
    with Hostile([*POP_IN, Expect(b"QUIT"), Drop()]) as server:
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        source = Pop3Source.open(endpoint, LOGIN, policy=loopback, trust=trust)
        assert source.quit() is False
