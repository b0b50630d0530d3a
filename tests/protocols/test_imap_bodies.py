"""Surveys and bodies of many mailboxes in one stream, against a real Dovecot."""

import threading
import time

import pytest

from protocols.errors import Dropped, MailServerError
from protocols.imap import Form, Survey, Wanted
from standin.dovecot import Dovecot
from standin.maildir import SampleMessage
from tests.protocols.scripted import Open, feed

RAWS = [
    b"Subject: plain\r\nMessage-ID: <1@a.test>\r\n\r\nhello\r\n",
    b"Subject: no newline at the end\r\nmessage-id:\r\n <2@a.test>\r\n\r\nhello",
    b"Subject: 8-bit \xe4\xff\r\n\r\n\x80\x81\r\n.\r\n..dots\r\n)\r\n* 1 FETCH (UID 9)\r\n",
    b"Subject: {5}\r\n\r\n{99}\r\n",
    b"Subject: large\r\n\r\n" + b"0123456789abcde\r\n" * 200_000,
]


@pytest.fixture
def filled(dovecot: Dovecot, imap_user: str) -> str:
    for name in ("INBOX", "Work", "Bücher"):
        for raw in RAWS:
            dovecot.append(imap_user, name, raw)
    return imap_user


@pytest.mark.parametrize("depth", [1, 20])
@pytest.mark.parametrize("message_ids", [False, True])
def test_a_survey_tells_of_every_mailbox_in_order(
    filled: str, open_imap: Open, depth: int, message_ids: bool
) -> None:
    names = [b"INBOX", b"No such mailbox", b"Drafts", b"Work", b"B&APw-cher"]
    wanted = [Survey(name, 1, 1000, message_ids=message_ids) for name in names]
    with open_imap(filled) as source:
        answers = list(source.survey([*wanted, Survey(b"INBOX")], depth))
        assert [each.survey for each in answers] == [*wanted, Survey(b"INBOX")]
        numbers = answers.pop()
        assert numbers.metas == []
        inbox, missing, empty, *others = answers
        assert numbers.status == inbox.status
        assert missing.status is None
        assert missing.refusal is not None
        assert empty.refusal is None
        assert empty.status is not None
        assert (empty.status.messages, empty.metas) == (0, [])
        for each in (inbox, *others):
            assert each.status is not None
            assert each.status.messages == each.status.uidnext - 1 == len(RAWS)
            assert [meta.uid for meta in each.metas] == [1, 2, 3, 4, 5]
            assert [meta.size for meta in each.metas] == list(map(len, RAWS))
            idents = [b"<1@a.test>", b"<2@a.test>", b"", b"", b""] if message_ids else [b""] * 5
            assert [meta.message_id for meta in each.metas] == idents
        # The connection is as good as before.
        source.examine(b"Work")
        assert len(source.scan(2, 4)) == 3


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("form", list(Form))
def test_bodies_come_byte_for_byte_from_every_mailbox(
    filled: str, open_imap: Open, form: Form, depth: int
) -> None:
    batches = [
        Wanted(name, 0, uids, form)
        for name in (b"INBOX", b"Work", b"B&APw-cher")
        for uids in ((3, 1), (2, 77), (4, 5))
    ]
    with open_imap(filled) as source:
        arrived = list(source.bodies(feed(batches), depth=depth))
        assert [each.wanted for each in arrived] == batches
        assert not any(each.refusal or each.turned or each.slowed for each in arrived)
        for each in arrived:
            uids = [uid for uid in each.wanted.uids if uid != 77]
            assert [message.uid for message in each.messages] == uids
            for message in each.messages:
                assert message.body.read() == RAWS[message.uid - 1]
                assert message.internal_at is not None
        source.examine(b"INBOX")
        assert not any("\\Seen" in meta.flags for meta in source.scan(1, 10))


@pytest.mark.parametrize("depth", [1, 3])
def test_one_mailbox_that_is_gone_or_numbered_anew_costs_the_others_nothing(
    filled: str, open_imap: Open, depth: int
) -> None:
    with open_imap(filled) as source:
        uidvalidity = source.examine(b"INBOX").uidvalidity
        batches = [
            Wanted(b"INBOX", uidvalidity, (1,)),
            Wanted(b"Gone", 5, (1,)),
            Wanted(b"Gone", 5, (2,)),
            Wanted(b"INBOX", uidvalidity + 1, (1,)),
            Wanted(b"INBOX", uidvalidity, (2,)),
            Wanted(b"Drafts", 0, (1,)),
        ]
        arrived = list(source.bodies(feed(batches), depth=depth))
    assert [each.turned for each in arrived] == [False, False, False, True, False, False]
    refused = [each.refusal is not None for each in arrived]
    assert refused == [False, True, True, False, False, False]
    assert [[one.uid for one in each.messages] for each in arrived] == [[1], [], [], [], [2], []]


def test_no_more_is_taken_than_may_lie_in_memory(filled: str, open_imap: Open) -> None:
    taken: list[int] = []

    def take() -> Wanted:
        taken.append(1)
        return Wanted(b"INBOX", 0, (1,))

    with open_imap(filled) as source:
        arrivals = source.bodies(take, depth=3, ahead=2)
        for handed in range(1, 20):
            next(arrivals)
            # Those handed over, those waiting, the one at the door, and those on their way.
            while len(taken) < handed + 2 + 1 + 2:
                time.sleep(0.001)
            assert len(taken) <= handed + 2 + 1 + 3
        arrivals.close()
        # Left early: nobody reads on, and the connection is gone.
        assert "reads-ahead" not in {thread.name for thread in threading.enumerate()}
        count = len(taken)
        with pytest.raises(MailServerError):
            source.examine(b"INBOX")
        assert len(taken) == count


def test_an_error_of_the_callers_own_reaches_the_caller(filled: str, open_imap: Open) -> None:
    given = iter([Wanted(b"INBOX", 0, (1,))])

    def take() -> Wanted:
        return next(given, None) or 1 / 0  # type: ignore[return-value] # never comes to return

    with open_imap(filled) as source, pytest.raises(ZeroDivisionError):
        list(source.bodies(take, depth=1))


def test_a_lost_connection_is_told_after_what_came_before(
    filled: str, open_imap: Open, dovecot: Dovecot
) -> None:
    with open_imap(filled) as source:
        arrivals = source.bodies(lambda: Wanted(b"INBOX", 0, (1, 2)), depth=3)
        assert len(next(arrivals).messages) == 2
        source._wire.shut()
        with pytest.raises(Dropped):
            list(arrivals)


def test_a_survey_of_many_windows_tells_each_message_once(
    dovecot: Dovecot, imap_user: str, open_imap: Open
) -> None:
    dovecot.deliver_maildir(imap_user, [SampleMessage(RAWS[0])] * 600)
    windows = [Survey(b"INBOX", lo, lo + 29) for lo in range(571, 0, -30)]
    with open_imap(imap_user) as source:
        for _ in range(3):
            answers = list(source.survey(windows, depth=20))
            found = [[meta.uid for meta in each.metas] for each in answers]
            assert found == [list(range(each.lo, each.hi + 1)) for each in windows]
