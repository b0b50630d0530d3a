"""How often a pull has to wait for the server."""

import pytest

from protocols.address import AddressPolicy
from protocols.errors import EncryptionFailed
from protocols.imap import ImapSource, Survey, Wanted
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.dovecot import Dovecot
from standin.hostile import Expect, Hang, Hostile, Send, Step
from tests.protocols.conftest import BOX_PASSWORD
from tests.protocols.flights import CountingProxy
from tests.protocols.scripted import CAPS, SIGNED_IN, Reach

FOLDERS = 50
EXAMINED: list[Step] = [
    Expect(b"EXAMINE"),
    Send(b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 4] x\r\n%TAG% OK done\r\n"),
]


@pytest.fixture
def many(dovecot: Dovecot, imap_user: str) -> str:
    for number in range(FOLDERS):
        dovecot.append(imap_user, f"F{number}", b"Subject: x\r\n\r\nx\r\n")
    return imap_user


def connect(proxy: CountingProxy, user: str, policy: AddressPolicy, trust: Trust) -> ImapSource:
    endpoint = Endpoint("localhost", proxy.port, Security.NONE)
    return ImapSource.open(endpoint, Login(user, BOX_PASSWORD), policy=policy, trust=trust)


def test_one_round_trip_after_sign_in_tells_that_nothing_is_new(
    dovecot: Dovecot, many: str, loopback: AddressPolicy, trust: Trust
) -> None:
    with CountingProxy(dovecot.imap_port) as proxy:
        with connect(proxy, many, loopback, trust) as source:
            boxes = source.list_folders()
            assert sum(box.status is not None for box in boxes) >= FOLDERS
        signing_in = next(
            place for place, sent in enumerate(proxy.flights) if b"AUTHENTICATE" in sent
        )
        after = [sent for sent in proxy.flights[signing_in + 1 :] if b"LOGOUT" not in sent]
    # Dovecot tells what it can do when it greets, and again when it lets one in.
    assert b"CAPABILITY" not in b"".join(proxy.flights)
    assert len(after) == 1, after
    assert after[0].count(b"\r\n") == 3  # ID, NAMESPACE and LIST together


def test_a_survey_does_not_wait_for_each_answer(imap: Reach) -> None:
    """The server says nothing until it has heard everything."""
    asked: list[Step] = [Expect(b"EXAMINE|UID FETCH") for _ in range(40)]
    told = b"".join(
        b"* 1 EXISTS\r\nT%d OK\r\n* 1 FETCH (UID 5 RFC822.SIZE 9)\r\nT%d OK\r\n" % (tag, tag + 1)
        for tag in range(1, 40, 2)
    )
    with Hostile([*SIGNED_IN, *asked, Send(told), Hang()]) as server, imap(server) as source:
        wanted = [Survey(b"F%d" % number, 1, 100) for number in range(20)]
        answers = list(source.survey(wanted, depth=20))
    assert [[meta.uid for meta in answer.metas] for answer in answers] == [[5]] * 20


def test_bodies_do_not_wait_for_each_answer(imap: Reach) -> None:
    asked: list[Step] = [Expect(b"EXAMINE|UID FETCH") for _ in range(4)]
    body = b"* %d FETCH (UID %d BODY[] {2}\r\nhi)\r\n"
    told = b"* 9 EXISTS\r\nT1 OK\r\n" + body % (1, 1)
    # The first batch is complete: the fourth is asked for although no answer has come.
    more: list[Step] = [Expect(b"UID FETCH 4"), Send(b"".join(body % (n, n) for n in (3, 2, 4)))]
    script = [*SIGNED_IN, *asked, Send(told), *more, Send(b"T4 OK\r\nT2 OK\r\nT3 OK\r\nT5 OK\r\n")]
    batches = iter(Wanted(b"INBOX", 0, (uid,)) for uid in range(1, 5))
    with Hostile([*script, *EXAMINED, Hang()]) as server, imap(server) as source:
        arrived = list(source.bodies(lambda: next(batches, None), depth=3))
        assert [each.messages[0].uid for each in arrived] == [1, 2, 3, 4]
        # Answers that were still owed do not confuse the next command.
        assert source.examine(b"INBOX").messages == 3


def test_with_a_depth_of_one_each_command_waits_for_the_last(imap: Reach) -> None:
    """The server hangs where it hears more than it has answered."""
    one = Send(b"* 1 FETCH (UID 1 RFC822.SIZE 2)\r\n%TAG% OK\r\n")
    body = Send(b"* 1 FETCH (UID 1 BODY[] {2}\r\nhi)\r\n%TAG% OK\r\n")
    empty = Send(b"* 0 EXISTS\r\n%TAG% OK\r\n")
    script = [*SIGNED_IN, *EXAMINED, Expect(b"UID FETCH"), one, Expect(b"EXAMINE"), empty]
    script += [*EXAMINED, Expect(b"UID FETCH"), body, Expect(b"EXAMINE"), empty]
    batches = iter([Wanted(b"A", 0, (1,)), Wanted(b"B", 0, (1,))])
    with Hostile([*script, Hang()]) as server, imap(server) as source:
        answers = list(source.survey([Survey(b"A", 1, 9), Survey(b"B", 1, 9)], depth=1))
        assert [len(answer.metas) for answer in answers] == [1, 0]
        arrived = list(source.bodies(lambda: next(batches, None), depth=1))
        assert [len(each.messages) for each in arrived] == [1, 0]
        # The empty mailbox was not asked, so nothing was sent before it was known to be empty.
        assert server.clear_text.count(b"UID FETCH") == 2


def test_a_name_that_needs_leave_to_be_sent_waits_among_other_answers(imap: Reach) -> None:
    script: list[Step] = [Expect(b"EXAMINE"), Expect(rb"\{4\}")]
    script += [Send(b"* 1 EXISTS\r\nT1 OK\r\n+ go on\r\n"), Expect(command=False)]
    script += [Send(b"* 2 EXISTS\r\nT2 OK\r\n"), Hang()]
    with Hostile([*SIGNED_IN, *script]) as server, imap(server) as source:
        answers = list(source.survey([Survey(b"A"), Survey(b"B\xc3\xbcx")]))
    assert [answer.status and answer.status.messages for answer in answers] == [1, 2]


def test_what_the_greeting_told_is_not_asked_and_who_we_are_needs_no_answer(imap: Reach) -> None:
    script: list[Step] = [Send(b"* OK [CAPABILITY IMAP4rev1] ready\r\n"), Expect(b"LOGIN")]
    script += [Send(b"%TAG% OK in\r\n"), Expect(b"CAPABILITY"), Send(CAPS % b"ID NAMESPACE")]
    # The server says nothing until it has heard all three.
    script += [Expect(b"T1 ID"), Expect(b"T2 NAMESPACE"), Expect(b"T3 LIST")]
    script += [Send(b'T1 BAD what\r\nT2 OK\r\n* LIST (\\Noselect) "/" INBOX\r\nT3 OK\r\n'), Hang()]
    with Hostile(script) as server, imap(server) as source:
        assert [box.raw_name for box in source.list_folders()] == [b"INBOX"]
        assert server.clear_text.index(b"LOGIN") < server.clear_text.index(b"CAPABILITY")


@pytest.mark.parametrize("told", [b"IMAP4rev1 ID", b"STARTTLS"])
def test_a_greeting_that_tells_too_little_is_asked_again(imap: Reach, told: bytes) -> None:
    script: list[Step] = [Send(b"* OK [CAPABILITY %b] ready\r\n" % told), Expect(b"CAPABILITY")]
    script += [Send(CAPS % b"STARTTLS"), Expect(b"STARTTLS"), Send(b"%TAG% NO later\r\n"), Hang()]
    with Hostile(script) as server:
        with pytest.raises(EncryptionFailed):
            imap(server, Security.STARTTLS)
        assert b"STARTTLS" in server.clear_text
        assert b"LOGIN" not in server.clear_text


def test_windows_of_one_mailbox_are_told_apart_by_their_uids(imap: Reach) -> None:
    """A server that works on both at once answers among each other, and in any order."""
    meta = b"* 1 FETCH (UID %d RFC822.SIZE 9)\r\n"
    told = b"* 4 EXISTS\r\nT1 OK\r\n" + b"".join(meta % uid for uid in (1, 101, 2, 999, 102))
    asked: list[Step] = [Expect(b"EXAMINE|UID FETCH") for _ in range(3)]
    script = [*SIGNED_IN, *asked, Send(told + b"T3 OK\r\nT2 OK\r\n"), *EXAMINED, Hang()]
    with Hostile(script) as server, imap(server) as source:
        answers = list(source.survey([Survey(b"A", 101, 200), Survey(b"A", 1, 100)]))
        assert [[meta.uid for meta in each.metas] for each in answers] == [[101, 102], [1, 2]]
        assert source.examine(b"INBOX").messages == 3
