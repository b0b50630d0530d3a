"""Conversations as lists and the reading pane see them: asked of their messages every time, so
that nothing kept beside the messages can become untrue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from accounts.models import User
from lib.prepared import Prepared
from mailstore.models import FolderRole, Message

#: Rows read to draw the lines of one page; beyond them only counts are asked for.
MAX_ROWS = 2000
MAX_NAMES = 4
#: Messages of one conversation that are shown in one pane, the newest of them.
MAX_SHOWN = 250
_THROWN = (FolderRole.JUNK, FolderRole.TRASH)
_NEWER = Q(sort_at__gt=OuterRef("sort_at")) | Q(sort_at=OuterRef("sort_at"), pk__gt=OuterRef("pk"))


# Most conversations are of one message, and finding that out is quickest.
_ANY: Final = Prepared(
    lambda thread: Message.objects.filter(thread=thread).values_list("pk")[:2], int
)


class Who(NamedTuple):
    """Somebody who wrote in a conversation."""

    name: str
    address: str
    is_unread: bool


@dataclass(frozen=True, slots=True)
class About:
    """What the line of a conversation says. `total` counts it across folders, a copy once;
    `unread` and `flagged` count what lies where the list looks. `names` are those who wrote, in
    the order of their last words, the latest last, at most `MAX_NAMES`."""

    total: int
    unread: int
    flagged: int
    has_attachments: bool
    names: tuple[Who, ...]


class _Row(NamedTuple):
    thread_id: int
    folder_id: int
    is_seen: bool
    is_flagged: bool
    has_attachments: bool
    from_name: str
    from_address: str
    message_id: str
    sent_at: datetime | None
    pk: int


def heads(found: QuerySet[Message], within: QuerySet[Message]) -> QuerySet[Message]:
    """Of each conversation only the newest message; messages without one stand alone.

    `found` is narrowed; `within` are all messages of the place, unordered and not cut.
    """
    same = within.order_by().filter(_NEWER, thread=OuterRef("thread"))
    return found.filter(~Exists(same))


def about(
    user: User, thread_ids: Iterable[int], *, folders: Collection[int] | None = None
) -> dict[int, About]:
    """What is to be said of conversations; one query, two for very long ones.

    Unread and starred mail counts where it lies in `folders` (None: anywhere). Junk and Deleted
    Items count only where they are among `folders`.
    """
    wanted = set(thread_ids)
    if not wanted:
        return {}
    rows = Message.objects.filter(user=user, thread__in=wanted)
    thrown = Q(folder__role__in=_THROWN)
    rows = rows.exclude(thrown if folders is None else thrown & ~Q(folder__in=folders))
    # The newest first, so that a cut takes away the oldest names and nothing else.
    newest = rows.order_by("-sort_at", "-pk").values_list(*_Row._fields)
    read = [_Row(*row) for row in newest[: MAX_ROWS + 1]]
    groups: dict[int, list[_Row]] = defaultdict(list)
    for row in read:
        groups[row.thread_id].append(row)
    if len(read) > MAX_ROWS:
        return _counted(rows, groups, folders)
    return {key: _about(group, folders) for key, group in groups.items()}


def _about(group: Sequence[_Row], folders: Collection[int] | None) -> About:
    here = [row for row in group if folders is None or row.folder_id in folders]
    return About(
        total=len({row[4:9] if row.message_id else row.pk for row in group}),
        unread=sum(not row.is_seen for row in here),
        flagged=sum(row.is_flagged for row in here),
        has_attachments=any(row.has_attachments for row in group),
        names=_names(group),
    )


def _names(group: Sequence[_Row]) -> tuple[Who, ...]:
    """Those who wrote last, from rows whose newest comes first."""
    found: dict[str, Who] = {}
    for row in group:
        key = row.from_address.casefold() or row.from_name
        before = found.get(key)
        if before is None:
            found[key] = Who(row.from_name, row.from_address, not row.is_seen)
        elif not row.is_seen:
            found[key] = before._replace(is_unread=True)
    return tuple(islice(found.values(), MAX_NAMES))[::-1]


def _counted(
    rows: QuerySet[Message], groups: dict[int, list[_Row]], folders: Collection[int] | None
) -> dict[int, About]:
    """The same where there is too much to read: the database counts, copies and all."""
    here = Q() if folders is None else Q(folder__in=folders)
    counts = (
        rows.order_by()
        .values("thread_id")
        .annotate(
            total=Count("pk"),
            unread=Count("pk", filter=here & Q(is_seen=False)),
            flagged=Count("pk", filter=here & Q(is_flagged=True)),
            files=Count("pk", filter=Q(has_attachments=True)),
        )
    )
    return {
        row["thread_id"]: About(
            row["total"],
            row["unread"],
            row["flagged"],
            row["files"] > 0,
            _names(groups.get(row["thread_id"], ())),
        )
        for row in counts
    }


def messages_of(user: User, opened: Message) -> list[Message]:
    """The messages of the conversation that `opened` belongs to, oldest first, each once.

    Mail in Junk and Deleted Items is left out unless `opened` lies there. Of a very long
    conversation the newest `MAX_SHOWN` are given, and `opened`.
    """
    if opened.thread_id is None or len(_ANY.rows(opened.thread_id)) < 2:
        return [opened]
    rows = Message.objects.filter(user=user, thread=opened.thread_id).select_related(
        "folder", "blob__segment", "source"
    )
    if opened.folder.role not in _THROWN:
        rows = rows.exclude(folder__role__in=_THROWN)
    found = list(rows.order_by(F("sort_at").desc(), F("pk").desc())[:MAX_SHOWN])
    if all(one.pk != opened.pk for one in found):
        found.append(opened)
    return _each_once(sorted(found, key=lambda one: (one.sort_at, one.pk)), opened)


def _each_once(found: Sequence[Message], opened: Message) -> list[Message]:
    """Without second copies, as of a message that came by two accounts.

    A Message-ID alone does not make a copy: anybody can write a known one, and nobody's mail is
    to disappear behind a stranger's. Everything a line shows has to agree, and the one that came
    first is kept, which is no forgery of a later one; `opened` itself always is.
    """
    kept: dict[tuple[object, ...], Message] = {}
    for one in found:
        key = _likeness(one)
        if key not in kept or one.pk == opened.pk:
            kept[key] = one
    return sorted(kept.values(), key=lambda one: (one.sort_at, one.pk))


def _likeness(one: Message) -> tuple[object, ...]:
    if not one.message_id:
        return (one.pk,)
    return (one.message_id, one.from_address, one.sent_at, one.subject, one.snippet)
