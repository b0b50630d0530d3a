"""Waiting for news: against a real Dovecot, and servers that end it."""

import select

import pytest

from protocols.address import AddressPolicy
from protocols.errors import Dropped, Later, MailServerError, ProtocolBroken, Refused, TokenExpired
from protocols.imap.idle import Idler
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.dovecot import Dovecot
from standin.hostile import Drop, Expect, Hang, Hostile, Send, Step
from tests.protocols.conftest import BOX_PASSWORD
from tests.protocols.scripted import CAPS, CLEAR, LOGIN

RAW = b"Subject: news\r\n\r\nx\r\n"
WITH_IDLE: list[Step] = [
    *CLEAR,
    Expect(b"LOGIN"),
    Send(b"%TAG% OK in\r\n"),
    Expect(b"CAPABILITY"),
    Send(CAPS % b"IDLE"),
]
EXAMINED: list[Step] = [
    Expect(b"EXAMINE"),
    Send(b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 4] x\r\n%TAG% OK done\r\n"),
]
IDLING: list[Step] = [*WITH_IDLE, *EXAMINED, Expect(b"IDLE"), Send(b"+ idling\r\n")]


def wait_for_news(idler: Idler) -> None:
    """Until there is news; the suite's own limit ends what never comes."""
    news = False
    while not news:
        select.select([idler.fileno()], [], [])
        news = idler.take()


def meet(server: Hostile, policy: AddressPolicy, trust: Trust) -> Idler:
    endpoint = Endpoint("localhost", server.port, Security.NONE)
    return Idler.open(endpoint, LOGIN, policy=policy, trust=trust, deadline=4)


@pytest.mark.parametrize("security", [Security.NONE, Security.TLS])
def test_new_mail_is_heard_of_at_once_and_other_changes_are_no_news(
    dovecot: Dovecot, imap_user: str, loopback: AddressPolicy, trust: Trust, security: Security
) -> None:
    dovecot.append(imap_user, "INBOX", RAW)
    port = dovecot.imaps_port if security is Security.TLS else dovecot.imap_port
    login = Login(imap_user, BOX_PASSWORD)
    idler = Idler.open(Endpoint("localhost", port, security), login, policy=loopback, trust=trust)
    try:
        assert idler.start() is False
        assert idler.take() is False
        for _ in range(2):
            dovecot.append(imap_user, "INBOX", RAW)
            wait_for_news(idler)
            assert idler.take() is False
        assert idler.renew() is False
        dovecot.append(imap_user, "INBOX", RAW)
        wait_for_news(idler)
    finally:
        idler.close()
    with pytest.raises(MailServerError):
        idler.take()


def test_renewing_finds_what_the_server_forgot_to_tell(
    loopback: AddressPolicy, trust: Trust
) -> None:
    more = b"* 4 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 5] x\r\n%TAG% OK done\r\n"
    again: list[Step] = [Expect(b"IDLE"), Send(b"+\r\n"), Expect(b"DONE")]
    script: list[Step] = [*IDLING, Expect(b"DONE"), Send(b"T2 OK\r\n")]
    script += [Expect(b"EXAMINE"), Send(more), *again, Send(b"T4 OK\r\n"), Expect(b"EXAMINE")]
    script += [Send(more), *again[:2], Hang()]
    with Hostile(script) as server:
        idler = meet(server, loopback, trust)
        assert idler.start() is False
        assert idler.renew() is True
        assert idler.renew() is False
        idler.close()


def test_fewer_messages_are_no_news_and_as_many_again_are(
    loopback: AddressPolicy, trust: Trust
) -> None:
    told = b"* 1 EXPUNGE\r\n* 2 EXISTS\r\n* 9 FETCH (FLAGS (\\Seen))\r\n* OK still here\r\n"
    script = [*IDLING, Send(told + b"* 3 EXI"), Expect(b"DONE"), Send(b"STS\r\n"), Hang()]
    with Hostile(script) as server:
        idler = meet(server, loopback, trust)
        first = idler.start()
        while idler._known.messages != 2:
            first = idler.take() or first
        assert first is False
        idler._wire.send(b"DONE\r\n")
        wait_for_news(idler)
        idler.close()


@pytest.mark.parametrize(
    ("farewell", "expected"),
    [
        (b"* BYE shutting down\r\n", Dropped),
        (b"* BYE Session invalidated - AccessTokenExpired\r\n", TokenExpired),
        (b"* BYE [LIMIT] Too many connections\r\n", Later),
        (b"T2 OK IDLE terminated\r\n", Dropped),
        (b"", Dropped),
        (b"* OK " + b"x" * (3 << 20), ProtocolBroken),
        (b"* OK " + b"x" * 100_000, ProtocolBroken),
    ],
    ids=["bye", "token", "limit", "ended", "closed", "flood", "long line"],
)
def test_the_end_of_waiting_is_an_error_that_says_why(
    loopback: AddressPolicy, trust: Trust, farewell: bytes, expected: type[MailServerError]
) -> None:
    with Hostile([*IDLING, Send(farewell), Drop()]) as server:
        idler = meet(server, loopback, trust)
        with pytest.raises(expected):
            idler.start()
            while True:
                select.select([idler.fileno()], [], [])
                idler.take()


def test_a_server_that_never_stops_talking_is_hung_up_on(
    loopback: AddressPolicy, trust: Trust
) -> None:
    """The listener reads many servers in turn: one must not keep it busy for good."""
    with Hostile([*IDLING, Send(b"* X\r\n" * 100_001), Hang()]) as server:
        idler = meet(server, loopback, trust)
        idler.start()
        with pytest.raises(ProtocolBroken):
            while select.select([idler.fileno()], [], [], 5.0)[0]:
                idler.take()


def test_capabilities_are_words(loopback: AddressPolicy, trust: Trust) -> None:
    with Hostile([*WITH_IDLE[:-1], Send(CAPS % b"IDLE X\x00Y \x1b[2J"), Hang()]) as server:
        idler = meet(server, loopback, trust)
        assert all(name.isprintable() for name in idler.capabilities)
        idler.close()


def test_a_server_without_idle_is_not_waited_for(loopback: AddressPolicy, trust: Trust) -> None:
    script = [*WITH_IDLE[:-1], Send(CAPS % b""), Hang()]
    with Hostile(script) as server, pytest.raises(Refused):
        meet(server, loopback, trust)
