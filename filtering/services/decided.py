"""What was decided about a message that comes in, and carrying it out when it is filed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from filtering.models import Decision, ForwardDue
from filtering.services import space
from filtering.whys import Why
from lib import bulk
from mailstore.models import Folder, FolderRole, Label, Message, Verdict
from mailstore.services import labels, locks, messages
from mailstore.services.labels import LabelRefused
from mailstore.services.messages import NewMessage
from mailstore.verdict import Findings


@dataclass(frozen=True, slots=True)
class Decided:
    """Where a message goes and what else is done to it.

    ``labels`` are keys of the receiver's labels, or names, which are made where there is none.
    ``forwards`` are addresses and the names of the filters that say so. ``why`` is None where
    nothing happened to it and nobody judged it; else ``kind`` is a `DecisionKind`. ``findings`` is
    what was found out about its sender.
    """

    folder: Folder
    flags: frozenset[str] = frozenset()
    copies: tuple[Folder, ...] = ()
    labels: tuple[int | str, ...] = ()
    forwards: tuple[tuple[str, str], ...] = ()
    kind: str = ""
    why: Why | None = None
    findings: Findings | None = None


def still_there(
    new: Sequence[NewMessage], asked: Sequence[Folder], decided: Sequence[Decided]
) -> list[NewMessage]:
    """The messages with the folder they were asked for where the one decided on is gone by now.

    Inside the caller's transaction; it holds the mailboxes, so no folder goes from here on.
    """
    chosen = {one.folder.pk for one, at in zip(new, asked, strict=True) if one.folder.pk != at.pk}
    chosen |= {folder.pk for one in decided for folder in one.copies}
    if not chosen:
        return list(new)
    locks.hold(*(one.user_id for one in new))
    there = set(Folder.objects.filter(pk__in=chosen).values_list("pk", flat=True))
    return [
        one if one.folder.pk == at.pk or one.folder.pk in there else replace(one, folder=at)
        for one, at in zip(new, asked, strict=True)
    ]


def carry_out(rows: Sequence[Message], decided: Sequence[Decided], *, now: datetime) -> None:
    """Labels, copies, forwards and the reason, in the transaction that files the messages."""
    _keep_findings(rows, decided, now)
    done = [(row, one) for row, one in zip(rows, decided, strict=True) if one.why is not None]
    if not done:
        return
    _label(done)
    explained = [*done, *_copy(done)]
    bulk.insert(
        Decision,
        ("message_id", "kind", "why", "made_at"),
        [(row.pk, one.kind, one.why.as_row, now) for row, one in explained if one.why is not None],
    )
    bulk.insert(
        ForwardDue,
        ("message_id", "user_id", "to", "filter_name", "made_at", "next_at"),
        [(row.pk, row.user_id, to, by, now, now) for row, one in done for to, by in one.forwards],
    )


def _keep_findings(rows: Sequence[Message], decided: Sequence[Decided], now: datetime) -> None:
    found = ((row.pk, one.findings) for row, one in zip(rows, decided, strict=True))
    bulk.insert(
        Verdict,
        ("message_id", "found", "checked_at"),
        [(pk, one.as_row, now) for pk, one in found if one is not None],
    )


def _label(done: Sequence[tuple[Message, Decided]]) -> None:
    wanted: dict[tuple[int, int | str], list[Message]] = defaultdict(list)
    for row, one in done:
        for named in one.labels:
            wanted[row.user_id, named].append(row)
    for (_user, named), some in wanted.items():
        label = _found(some[0], named)
        if label is not None:
            labels.put(some[0].user, label, [row.pk for row in some])


def _found(row: Message, named: int | str) -> Label | None:
    mine = Label.objects.filter(user=row.user_id)
    if isinstance(named, int):
        return mine.filter(pk=named).first()
    there = mine.filter(name__iexact=named).first()
    if there is not None:
        return there
    try:
        return labels.create(row.user, named)
    except LabelRefused:  # this person has as many as there may be
        return None


def _copy(done: Sequence[tuple[Message, Decided]]) -> list[tuple[Message, Decided]]:
    """The copies, and what was decided of the message they are of."""
    places = {folder.pk for _row, one in done for folder in one.copies}
    there = _there(places)
    copies = [
        (messages.twin(row, there[folder.pk], backfill=row.is_backfill), one)
        for row, one in done
        for folder in one.copies
        if folder.pk in there and folder.pk != row.folder_id
    ]
    kept = _with_room(copies)
    messages.enter([copy for copy, _one in kept])
    return kept


def _with_room(copies: Sequence[tuple[Message, Decided]]) -> list[tuple[Message, Decided]]:
    """Those that there is room for, in order: copies are made within the space, mail that comes
    in is kept whatever there is of it, and so is the copy of what goes to Deleted Items."""
    room: dict[int, float] = {}
    kept: list[tuple[Message, Decided]] = []
    for copy, one in copies:
        if copy.user_id not in room:
            room[copy.user_id] = space.left(copy.user)
        if copy.size <= room[copy.user_id] or one.folder.role == FolderRole.TRASH:
            room[copy.user_id] -= copy.size
            kept.append((copy, one))
    return kept


def _there(keys: set[int]) -> Mapping[int, Folder]:
    return {one.pk: one for one in Folder.objects.filter(pk__in=keys)} if keys else {}
