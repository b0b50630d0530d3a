"""POP3 against a real Dovecot."""

from collections.abc import Callable, Iterable
from itertools import count

import pytest

from protocols.address import AddressPolicy
from protocols.errors import LoginMethod, LoginRefused, ProtocolBroken, Refused
from protocols.pop3 import Pop3Source, PopEntry, Retrieved
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.dovecot import Dovecot
from standin.hostile import Expect, Hang, Hostile, Send, Step
from tests.waiting import wait_until

PASSWORD = "drop secret"
_serial = count(1)
Open = Callable[..., Pop3Source]
RAWS = [
    b"Subject: plain\r\n\r\nhello\r\n",
    b"Subject: dots\r\n\r\n.\r\n..\r\n.one\r\n...\r\n",
    b"Subject: 8-bit \xe4\r\n\r\n\x80\xff\r\n",
    b"Subject: long line\r\n\r\n." + b"y" * 300_000 + b"\r\n.\r\n",
    b"Subject: large\r\n\r\n" + b".23456789abcde\r\n" * 100_000,
]


def fetched(source: Pop3Source, entries: Iterable[PopEntry]) -> list[Retrieved]:
    return [one for batch in source.batches(entries) for one in batch]


def texts(found: list[Retrieved]) -> list[bytes]:
    return [one.body.read() for one in found if one.body is not None]


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    """A maildrop of the test's own."""
    name = f"pop{next(_serial)}"
    dovecot.add_user(name, PASSWORD)
    return name


@pytest.fixture
def open_pop(dovecot: Dovecot, loopback: AddressPolicy, trust: Trust) -> Open:
    def opened(
        user: str,
        password: str = PASSWORD,
        security: Security = Security.TLS,
        *,
        apop: bool = False,
    ) -> Pop3Source:
        port = dovecot.pop3s_port if security is Security.TLS else dovecot.pop3_port
        login = Login(user, password, apop=apop)
        endpoint = Endpoint("localhost", port, security)
        return Pop3Source.open(endpoint, login, policy=loopback, trust=trust)

    return opened


@pytest.mark.parametrize("security", list(Security))
@pytest.mark.parametrize(
    ("name", "password"), [("mara", "a pass word"), ("jürgen", "pässwörd-ключ")]
)
def test_signs_in_by_every_encryption(
    open_pop: Open, name: str, password: str, security: Security
) -> None:
    with open_pop(name, password, security) as source:
        assert "UIDL" in source.capabilities


@pytest.mark.accept("A69")
def test_apop_signs_in_without_sending_the_password(user: str, open_pop: Open) -> None:
    with open_pop(user, security=Security.NONE, apop=True) as source:
        assert source.count() == 0
    with pytest.raises(LoginRefused):
        open_pop(user, "wrong", Security.NONE, apop=True)


def test_a_wrong_password_is_the_servers_word(open_pop: Open) -> None:
    with pytest.raises(LoginRefused) as caught:
        open_pop("mara", "not-the-password")
    assert "failed" in caught.value.server_line.lower()
    assert "not-the-password" not in str(caught.value)


@pytest.mark.parametrize("bad", ["a\r\nDELE 1", "a\nb", "a\x00b"])
def test_control_characters_never_reach_the_wire(open_pop: Open, bad: str) -> None:
    for name, password in ((bad, "x"), ("mara", bad)):
        with pytest.raises(ProtocolBroken):
            open_pop(name, password)


@pytest.mark.accept("A75")
def test_brings_every_byte_of_the_inbox_and_nothing_else(
    dovecot: Dovecot, user: str, open_pop: Open
) -> None:
    for raw in RAWS:
        dovecot.append(user, "INBOX", raw)
    dovecot.append(user, "Work", b"Subject: elsewhere\r\n\r\nx\r\n")
    with open_pop(user) as source:
        entries = source.listing()
        assert [entry.number for entry in entries] == [1, 2, 3, 4, 5]
        assert len({entry.uidl for entry in entries}) == 5
        assert [entry.size for entry in entries] == [len(raw) for raw in RAWS]
        found = fetched(source, entries)
        assert [one.number for one in found] == [1, 2, 3, 4, 5]
        assert texts(found) == RAWS
        assert source.quit()
    assert dovecot.read_mailbox(user) == RAWS


def test_many_messages_travel_at_once(dovecot: Dovecot, user: str, open_pop: Open) -> None:
    raws = [b"Subject: %d\r\n\r\nx\r\n" % number for number in range(35)]
    for raw in raws:
        dovecot.append(user, "INBOX", raw)
    with open_pop(user) as source:
        assert "PIPELINING" in source.capabilities
        entries = source.listing()
        assert texts(fetched(source, entries)) == raws
        source.capabilities = frozenset()
        assert texts(fetched(source, entries)) == raws


def test_deletion_takes_effect_with_quit_and_not_without(
    dovecot: Dovecot, user: str, open_pop: Open
) -> None:
    for raw in RAWS[:3]:
        dovecot.append(user, "INBOX", raw)
    source = open_pop(user)
    source.delete([1, 2])
    source.drop()
    assert len(dovecot.read_mailbox(user)) == 3
    with open_pop(user) as source:
        source.delete([1, 3])
        assert source.quit()
    assert dovecot.read_mailbox(user) == [RAWS[1]]


def test_a_message_that_is_not_there_is_refused(user: str, open_pop: Open) -> None:
    with open_pop(user) as source:
        (answer,) = fetched(source, [PopEntry(7, None, 1)])
        assert answer.body is None
        assert answer.refusal
        assert source.count() == 0
        with pytest.raises(Refused):
            source.delete([7])


def test_apop_needs_a_timestamp_shaped_like_a_message_id(
    loopback: AddressPolicy, trust: Trust
) -> None:
    from_greeting = _apop_against(b"+OK ready <no-at-sign>\r\n", loopback, trust)
    assert isinstance(from_greeting, LoginMethod)


def _apop_against(greeting: bytes, policy: AddressPolicy, trust: Trust) -> Exception | None:
    with Hostile([Send(greeting), Expect(b"QUIT")]) as server:
        try:
            Pop3Source.open(
                Endpoint("127.0.0.1", server.port, Security.NONE),
                Login("u", "secret", apop=True),
                policy=policy,
                trust=trust,
                deadline=5,
            )
        except LoginMethod as error:
            assert server.clear_text == b""
            return error
    return None


def test_leaving_does_not_wait_where_nothing_was_changed(
    loopback: AddressPolicy, trust: Trust
) -> None:
    """Waited for, a server that says nothing would have confirmed nothing."""
    ok = Send(b"+OK\r\n")
    script: list[Step] = [ok, Expect(b"USER"), ok, Expect(b"PASS"), ok, Expect(b"CAPA")]
    with Hostile([*script, Send(b"-ERR\r\n"), Expect(b"QUIT"), Hang()]) as server:
        where = Endpoint("localhost", server.port, Security.NONE)
        source = Pop3Source.open(where, Login("mara", PASSWORD), policy=loopback, trust=trust)
        assert source.quit(wait=False)
        assert source.closed
        wait_until(lambda: b"QUIT\r\n" in server.clear_text, "it is told all the same")
