"""Opening mailboxes and scanning them: numbers and metadata, one or many on their way at a time."""

import contextlib
import re
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from protocols.errors import Refused, Stage
from protocols.imap import messages, parse
from protocols.imap.channel import Channel
from protocols.imap.messages import PLAIN
from protocols.imap.parse import Parts
from protocols.imap.values import MailboxStatus, RemoteMeta, Survey, Surveyed

STEP = 60.0
OTHERS_CAP = 100_000  # answers before their turn
_EXISTS = re.compile(rb"\* (\d{1,10}) EXISTS", re.I)
_CODES = re.compile(rb"\[(UIDVALIDITY|UIDNEXT) (\d{1,10})\]", re.I)
_MESSAGE_ID = b" BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"


class Numbers:
    """The numbers of a mailbox, gathered from what comes before the answer to EXAMINE."""

    def __init__(self) -> None:
        self._exists = 0
        self._codes: dict[bytes, int] = {}

    def note(self, parts: Parts) -> None:
        """Look at a response.  The last EXISTS counts."""
        line = parse.line(parts, 0)
        if match := _EXISTS.match(line):
            self._exists = min(int(match[1]), parse.MOST_MESSAGES)
        elif line[:5].upper() == b"* OK ":
            found = _CODES.findall(line)
            self._codes.update((key.upper(), parse.sane(int(value))) for key, value in found)

    def status(self) -> MailboxStatus:
        """All of it; 0 where the server was silent."""
        codes = self._codes
        return MailboxStatus(codes.get(b"UIDVALIDITY", 0), codes.get(b"UIDNEXT", 0), self._exists)


def opened(channel: Channel, tag: bytes) -> MailboxStatus:
    """The answer to EXAMINE; raises `Refused`."""
    numbers = Numbers()
    for parts in channel.collect(tag):
        numbers.note(parts)
    return numbers.status()


class Scanner:
    """The one question asked of messages, and how its answers are read."""

    def __init__(self, channel: Channel, server_id: bytes) -> None:
        """`server_id` is the item by which this server names a message across mailboxes, or b""."""
        self.channel = channel
        self.server_id = server_id

    def ask(self, lo: int, hi: int, *, message_ids: bool) -> bytes:
        """Send the question about the UIDs from `lo` to `hi`; the tag."""
        items = b"UID RFC822.SIZE INTERNALDATE FLAGS" + self.server_id
        items += _MESSAGE_ID if message_ids else b""
        return self.channel.send(b"UID FETCH %d:%d (%b)" % (lo, hi, items), more=True)

    def told(
        self, tag: bytes, lo: int, hi: int, others: dict[int, RemoteMeta] | None = None
    ) -> dict[int, RemoteMeta]:
        """The answer, by UID; raises `Refused`.

        A server that works on several questions about one mailbox answers them among each other:
        what is outside of this one goes to `others`, and what is there of it comes from there.
        """
        found = _within(others, lo, hi) if others else {}
        while True:
            while (groups := self.channel.quick(PLAIN)) is not None:
                self._keep(messages.from_groups(groups), lo, hi, found, others)
            parts = self.channel.step(tag)
            if parts is None:
                return found
            self._keep(messages.fetch_meta(parts), lo, hi, found, others)

    def all(self, lo: int, hi: int, *, message_ids: bool) -> list[RemoteMeta]:
        """Ask, and ask again as long as the server answers in part only (RFC 9738), by UID."""
        found: dict[int, RemoteMeta] = {}
        while lo <= hi:
            self.channel.wire.limit(STEP, Stage.FETCH)
            found |= self.told(self.ask(lo, hi, message_ids=message_ids), lo, hi)
            stopped = self.channel.answer.stopped_at
            if stopped is None or not lo < stopped <= hi:
                break
            hi = stopped - 1
        return [found[uid] for uid in sorted(found)]

    @staticmethod
    def _keep(
        meta: RemoteMeta | None,
        lo: int,
        hi: int,
        found: dict[int, RemoteMeta],
        others: dict[int, RemoteMeta] | None,
    ) -> None:
        if meta is None:
            return
        if not lo <= meta.uid <= hi:
            if others is None or len(others) >= OTHERS_CAP:
                return
            found = others
        # A change of flags reported in between must not hide the full answer.
        if meta.size is not None or meta.uid not in found:
            found[meta.uid] = meta


def _within(told: dict[int, RemoteMeta], lo: int, hi: int) -> dict[int, RemoteMeta]:
    """What lies from `lo` to `hi`, taken out."""
    return {uid: told.pop(uid) for uid in [each for each in told if lo <= each <= hi]}


@dataclass(slots=True)
class _Opening:
    """An EXAMINE, shared by the surveys of the same mailbox that follow one another."""

    raw_name: bytes
    tag: bytes
    status: MailboxStatus | None = None
    refusal: Refused | None = None
    told: dict[int, RemoteMeta] = field(default_factory=dict)  # before its survey's turn


@dataclass(slots=True)
class _Asked:
    """A survey on its way; `tag` of its FETCH where that was sent already."""

    survey: Survey
    opening: _Opening
    tag: bytes | None = None


def survey(scanner: Scanner, wanted: Sequence[Survey], depth: int) -> Generator[Surveyed]:
    """Open and scan many mailboxes, in order, `depth` of them on their way at a time.

    With a depth of 1 every command waits for the answer to the last, and an empty mailbox is not
    asked for anything: for servers that bear nothing else.  Leaving early closes the connection.
    Of a mailbox a server tells of in part only (RFC 9738) the rest is asked for once nothing else
    is on its way.
    """
    waiting: deque[_Asked] = deque()
    rest = deque(wanted)
    opening: _Opening | None = None
    try:
        while rest or waiting:
            scanner.channel.wire.limit(STEP, Stage.FOLDERS)
            while rest and len(waiting) < depth:
                asked = _ask(scanner, rest.popleft(), opening, at_once=depth > 1)
                opening = asked.opening
                waiting.append(asked)
            scanner.channel.wire.flush()
            answers = [_answer(scanner, waiting[0])]
            waiting.popleft()
            if answers[0][1]:
                while waiting:
                    answers.append(_answer(scanner, waiting[0]))
                    waiting.popleft()
                opening = None
            for answer, stopped in answers:
                yield _completed(scanner, answer, stopped) if stopped else answer
    finally:
        if waiting:
            scanner.channel.wire.close()


def _ask(scanner: Scanner, survey: Survey, before: _Opening | None, *, at_once: bool) -> _Asked:
    # A large mailbox is not opened for every window of it: some servers read it anew each time.
    if before is None or before.raw_name != survey.raw_name:
        tag = scanner.channel.send(b"EXAMINE", survey.raw_name, more=True)
        before = _Opening(survey.raw_name, tag)
    asked = _Asked(survey, before)
    if at_once and survey.lo <= survey.hi:
        asked.tag = scanner.ask(survey.lo, survey.hi, message_ids=survey.message_ids)
    return asked


def _answer(scanner: Scanner, asked: _Asked) -> tuple[Surveyed, int]:
    """The answer, and the UID at which the server stopped before it was through, else 0."""
    survey = asked.survey
    status = _status(scanner, asked.opening)
    if status is None:
        if asked.tag is not None:
            _heard(scanner, asked.tag, survey)
        return Surveyed(survey, None, [], asked.opening.refusal), 0
    metas: list[RemoteMeta] = []
    stopped = 0
    try:
        if asked.tag is not None:
            scanner.channel.wire.limit(STEP, Stage.FETCH)
            found = scanner.told(asked.tag, survey.lo, survey.hi, asked.opening.told)
            metas = [found[uid] for uid in sorted(found)]
            stopped = scanner.channel.answer.stopped_at or 0
        elif status.messages and survey.lo <= survey.hi:
            metas = scanner.all(survey.lo, survey.hi, message_ids=survey.message_ids)
    except Refused as refusal:
        # Some servers answer BAD to a FETCH in an empty mailbox, which is no news.
        return Surveyed(survey, status, [], refusal if status.messages else None), 0
    return Surveyed(survey, status, metas), stopped if survey.lo < stopped <= survey.hi else 0


def _completed(scanner: Scanner, answer: Surveyed, stopped: int) -> Surveyed:
    """The answer with what the server kept back; nothing else may be on its way."""
    survey = answer.survey
    scanner.channel.wire.limit(STEP, Stage.FOLDERS)
    try:
        status = opened(scanner.channel, scanner.channel.send(b"EXAMINE", survey.raw_name))
        if answer.status is None or status.uidvalidity != answer.status.uidvalidity:
            return Surveyed(survey, status, [])
        if not status.messages:
            return answer
        below = scanner.all(survey.lo, stopped - 1, message_ids=survey.message_ids)
    except Refused as refusal:
        return Surveyed(survey, answer.status, [], refusal)
    return Surveyed(survey, answer.status, below + answer.metas)


def _status(scanner: Scanner, opening: _Opening) -> MailboxStatus | None:
    """The mailbox's numbers, read when they are due; None where it would not open."""
    if opening.status is None and opening.refusal is None:
        try:
            opening.status = opened(scanner.channel, opening.tag)
        except Refused as refusal:
            opening.refusal = refusal
    return opening.status


def _heard(scanner: Scanner, tag: bytes, survey: Survey) -> None:
    """Let an answer pass that has lost its meaning: no mailbox is open, or the one before."""
    with contextlib.suppress(Refused):
        scanner.told(tag, survey.lo, survey.hi)
