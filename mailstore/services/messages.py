"""Messages of a user: filed, flagged, moved, removed. Counters change in the same transaction."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from accounts.models import User
from lib import bulk
from lib.prepared import run
from mailstore import index
from mailstore.mime import Summary
from mailstore.models import Folder, FolderRole, Message, Source
from mailstore.services import folders, locks, muting, returning, threads
from mailstore.text import one_line

_NAMED = {
    "\\seen": "is_seen",
    "\\flagged": "is_flagged",
    "\\answered": "is_answered",
    "\\draft": "is_draft",
    "$forwarded": "is_forwarded",
}
# \Recent belongs to a session, \Deleted to a server we only read from.
_DROPPED = ("\\recent", "\\deleted")
MAX_KEYWORDS = 64
_FLAG = (
    "UPDATE mailstore_message SET %s = %%s, modseq ="
    " (SELECT f.modseq + 1 FROM mailstore_folder f WHERE f.id = mailstore_message.folder_id)"
    " WHERE user_id = %%s AND %s <> %%s AND id = ANY(%%s) RETURNING id, folder_id"
)
_SUMS = (
    "SELECT folder_id, count(*), sum(CASE WHEN is_seen THEN 0 ELSE 1 END), sum(size)"
    " FROM mailstore_message WHERE user_id = %s AND folder_id <> %s AND id = ANY(%s)"
    " GROUP BY folder_id ORDER BY folder_id"
)
_PLACE = (
    "UPDATE mailstore_message SET folder_id = %s, modseq = %s"
    " WHERE user_id = %s AND folder_id <> %s AND id = ANY(%s)"
)
_DERIVED = (
    "sent_at", "message_id", "in_reply_to", "references", "from_name", "from_address", "to_text",
    "subject", "snippet", "size", "has_attachments",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message whose bytes are stored and whose place is decided."""

    user_id: int
    folder: Folder
    sha256: bytes
    size: int
    sort_at: datetime
    summary: Summary
    flags: frozenset[str] = frozenset()
    source: Source | None = None
    backfill: bool = False


@dataclass(slots=True)
class _Tally:
    total: int = 0
    unread: int = 0
    size: int = 0
    items: list[Message] = field(default_factory=list)

    def add(self, row: Message) -> None:
        self.total += 1
        self.unread += not row.is_seen
        self.size += row.size
        self.items.append(row)


def file(new: Sequence[NewMessage], blob_ids: Sequence[int]) -> list[Message]:
    """Enter messages into their folders; one row per entry, in order.

    Runs inside the caller's transaction. Only the incoming door (filtering) uses it. Raises
    Folder.DoesNotExist where a folder was removed meanwhile.
    """
    rows = [_row(one, blob_id) for one, blob_id in zip(new, blob_ids, strict=True)]
    return enter(rows, [muting.may_pass(one.summary) for one in new])


def enter(rows: list[Message], may_pass: Sequence[bool] = ()) -> list[Message]:
    """Insert new rows and count them in their folders; see `file`.

    `may_pass` says of each row whether a muted conversation keeps it out of an inbox.
    """
    if not rows:
        return []
    locks.hold(*(row.user_id for row in rows))
    _into_conversations(rows, may_pass)
    tallies: dict[int, _Tally] = defaultdict(_Tally)
    for row in rows:
        tallies[row.folder_id].add(row)
    for folder_id, tally in sorted(tallies.items()):
        modseq = locks.count(folder_id, total=tally.total, unread=tally.unread, size=tally.size)
        for row in tally.items:
            row.modseq = modseq
    bulk.create(rows)
    return rows


def _into_conversations(rows: Sequence[Message], may_pass: Sequence[bool]) -> None:
    """Old mail that comes in bulk waits for a worker instead, so that a pull pays nothing."""
    places = [place for place, row in enumerate(rows) if not row.is_backfill]
    muted = threads.join([rows[place] for place in places])
    muting.put_aside(rows[places[at]] for at in muted if may_pass and may_pass[places[at]])


def _row(one: NewMessage, blob_id: int) -> Message:
    said = one.summary
    return Message(
        user_id=one.user_id,
        folder=one.folder,
        blob_id=blob_id,
        source=one.source,
        sort_at=one.sort_at,
        sent_at=said.sent_at,
        size=one.size,
        message_id=said.message_id,
        in_reply_to=said.in_reply_to,
        references=said.references,
        from_name=said.from_name,
        from_address=said.from_address,
        to_text=said.to_text,
        subject=said.subject,
        snippet=said.snippet,
        has_attachments=said.has_attachments,
        is_backfill=one.backfill,
        **flag_fields(one.flags),
    )


def again(
    message: Message,
    *,
    folder: Folder,
    sort_at: datetime,
    flags: frozenset[str],
    source: Source | None,
    backfill: bool,
) -> Message:
    """A new row for `enter` that says what `message` says and shares its bytes."""
    return Message(
        user_id=message.user_id,
        folder=folder,
        blob_id=message.blob_id,
        source=source,
        sort_at=sort_at,
        is_backfill=backfill,
        **{name: getattr(message, name) for name in _DERIVED},
        **flag_fields(flags),
    )


def twin(message: Message, folder: Folder, *, backfill: bool) -> Message:
    """The same for a copy that comes in as the message did, read or unread as it is now."""
    return again(
        message,
        folder=folder,
        sort_at=message.sort_at,
        flags=frozenset(flags_of(message)),
        source=message.source,
        backfill=backfill,
    )


def flag_fields(flags: Iterable[str]) -> dict[str, bool | list[str]]:
    """IMAP flags (RFC 9051 section 2.3.2) as columns; unknown ones become keywords."""
    columns: dict[str, bool | list[str]] = {}
    keywords: list[str] = []
    for flag in sorted(flags):
        lower = flag.lower()
        if lower in _NAMED:
            columns[_NAMED[lower]] = True
        elif lower not in _DROPPED and not lower.startswith("\\"):
            keywords.append(one_line(flag, 100))
    return {**columns, "keywords": [word for word in keywords if word][:MAX_KEYWORDS]}


def flags_of(message: Message) -> list[str]:
    """The IMAP flags of a row; the reverse of `flag_fields`."""
    proper = {
        "is_seen": "\\Seen",
        "is_flagged": "\\Flagged",
        "is_answered": "\\Answered",
        "is_draft": "\\Draft",
        "is_forwarded": "$Forwarded",
    }
    return [flag for name, flag in proper.items() if getattr(message, name)] + [*message.keywords]


def set_flags(
    user: User,
    ids: Iterable[int],
    *,
    seen: bool | None = None,
    flagged: bool | None = None,
    answered: bool | None = None,
    forwarded: bool | None = None,
) -> int:
    """Set or clear flags of the user's messages; how many rows changed. None leaves one alone."""
    wanted = {
        name: value
        for name, value in (
            ("is_seen", seen),
            ("is_flagged", flagged),
            ("is_answered", answered),
            ("is_forwarded", forwarded),
        )
        if value is not None
    }
    if not wanted:
        return 0
    ids = list(ids)
    with transaction.atomic():
        locks.hold(user.pk)
        changed = [_set_flag(user, ids, name, value) for name, value in wanted.items()]
    return len(set().union(*changed))


def _set_flag(user: User, ids: Sequence[int], name: str, value: bool) -> set[int]:
    """Those of the messages that did not have the flag so. Inside the caller's transaction."""
    # The folder is counted next: what it will have by then is what the rows get.
    rows = run(_FLAG % (name, name), value, user.pk, value, ids)
    for folder_id, turned in sorted(Counter(folder_id for _pk, folder_id in rows).items()):
        locks.count(folder_id, unread=0 if name != "is_seen" else -turned if value else turned)
    return {pk for pk, _folder_id in rows}


def add_keyword(user: User, message: Message, keyword: str) -> bool:
    """Give a message of the user a keyword (RFC 9051 section 2.3.2); False where it has it."""
    with transaction.atomic():
        locks.hold(user.pk)
        row = Message.objects.filter(user=user, pk=message.pk).first()
        if row is None or keyword.casefold() in (str(one).casefold() for one in row.keywords):
            return False
        kept = [*row.keywords, keyword][-MAX_KEYWORDS:]
        modseq = locks.count(row.folder_id)
        Message.objects.filter(pk=row.pk).update(keywords=kept, modseq=modseq)
        message.keywords = kept
    return True


def move(user: User, ids: Iterable[int], folder: Folder) -> int:
    """Move the user's messages into one of the user's folders; how many moved.

    What was put off about those that move is over.
    """
    ids = list(ids)
    with transaction.atomic():
        locks.hold(user.pk)
        returning.over(user.pk, ids, target=folder)
        return place(user, ids, folder)


def place(user: User, ids: Iterable[int], folder: Folder) -> int:
    """Move messages and leave all else about them as it is; how many moved.

    Inside the caller's transaction, the mailbox held.
    """
    if folder.user_id != user.pk:
        raise ValueError("the folder belongs to someone else")
    ids = list(ids)
    sums = _sums(user, ids, but=folder.pk)
    if not sums:
        return 0
    total = sum(one.total for one in sums.values())
    modseq = locks.count(
        folder.pk,
        total=total,
        unread=sum(one.unread for one in sums.values()),
        size=sum(one.size for one in sums.values()),
    )
    run(_PLACE, folder.pk, modseq, user.pk, folder.pk, ids)
    _subtract(sums)
    return total


def _sums(user: User, ids: Sequence[int], *, but: int = 0) -> dict[int, _Tally]:
    """What these messages add to the counters of their folders; those in `but` are left out."""
    rows = run(_SUMS, user.pk, but, ids)
    return {pk: _Tally(total, unread, int(size)) for pk, total, unread, size in rows}


def _subtract(sums: dict[int, _Tally]) -> None:
    for folder_id, tally in sums.items():
        locks.count(folder_id, total=-tally.total, unread=-tally.unread, size=-tally.size)


def trash(user: User, ids: Iterable[int]) -> int:
    """Move messages to Deleted Items; those already there are removed for good."""
    ids = list(ids)
    bin_ = folders.special(user, FolderRole.TRASH)
    with transaction.atomic():
        locks.hold(user.pk)
        there = Message.objects.filter(user=user, pk__in=ids, folder=bin_)
        gone = set(there.values_list("pk", flat=True))
        remove(user, gone)
        return len(gone) + move(user, [one for one in ids if one not in gone], bin_)


def remove(user: User, ids: Iterable[int]) -> int:
    """Remove messages for good; how many. Their bytes are swept when nothing else needs them."""
    with transaction.atomic():
        locks.hold(user.pk)
        ids = list(ids)
        mine = Message.objects.filter(user=user, pk__in=ids)
        sums = _sums(user, ids)
        index.remove(mine.values_list("pk", flat=True))
        mine.delete()
        _subtract(sums)
    return sum(one.total for one in sums.values())
