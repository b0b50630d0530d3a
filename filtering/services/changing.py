"""What filters do to stored messages, and taking it back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from accounts.models import User
from filtering.actions import Do
from filtering.models import Decision, DecisionKind
from filtering.rules import Outcome
from filtering.services import space
from filtering.whys import FilterHit, Why
from lib import bulk
from mailstore.models import Folder, FolderRole, Label, Message
from mailstore.services import folders, labels, messages, returning

Found = Sequence[tuple[Message, Outcome]]


class SpaceFullError(Exception):
    """There is no room for the copies; nothing may be kept of what was begun."""


@dataclass(slots=True)
class Steps:
    """What was changed, fit for JSON: ids of messages, by what was done to them.

    ``moved`` has the folder they came from, the one they went to, and which; ``labelled`` the
    label and which; ``copied`` the folder and which copies were put there; ``decided`` the message,
    and the kind and reason it had before, if any.
    """

    moved: list[tuple[int, int, list[int]]] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    flagged: list[int] = field(default_factory=list)
    labelled: list[tuple[int, list[int]]] = field(default_factory=list)
    copied: list[tuple[int, list[int]]] = field(default_factory=list)
    decided: list[tuple[int, str, Any]] = field(default_factory=list)
    put_off: list[dict[str, Any]] = field(default_factory=list)

    @property
    def as_row(self) -> dict[str, Any]:
        """As a row keeps it."""
        return asdict(self)

    @property
    def changed(self) -> set[int]:
        """The messages something happened to."""
        found = {*self.seen, *self.flagged}
        for _from, _to, ids in self.moved:
            found.update(ids)
        for _label, ids in self.labelled:
            found.update(ids)
        return found


def apply(user: User, found: Found, *, now: datetime) -> tuple[int, Steps]:
    """Do to the messages what was decided, in the caller's transaction, the mailbox held.

    How many changed, and how to take it back. What is as it should be stays untouched, so doing it
    twice changes nothing. Nothing is forwarded. What names something that is gone is left out.
    Raises SpaceFullError.
    """
    # What lies where it would be copied to is the copy.
    found = [(row, one) for row, one in found if row.folder_id not in one.copies]
    steps = Steps()
    copied = _copy(user, found, steps, now)
    _mark(user, found, steps)
    _label(user, found, steps)
    _move(user, found, steps)
    changed = steps.changed | copied
    _explain([(row, one) for row, one in found if row.pk in changed], steps, now)
    return len(changed), steps


def _mark(user: User, found: Found, steps: Steps) -> None:
    steps.seen = [row.pk for row, one in found if one.is_read and not row.is_seen]
    steps.flagged = [row.pk for row, one in found if one.is_starred and not row.is_flagged]
    if steps.seen:
        messages.set_flags(user, steps.seen, seen=True)
    if steps.flagged:
        messages.set_flags(user, steps.flagged, flagged=True)


def _label(user: User, found: Found, steps: Steps) -> None:
    wanted: dict[int, list[int]] = defaultdict(list)
    for row, one in found:
        for named in one.labels:
            if isinstance(named, int):
                wanted[named].append(row.pk)
    for label in Label.objects.filter(user=user, pk__in=wanted):
        if put := labels.put(user, label, wanted[label.pk]):
            steps.labelled.append((label.pk, put))


def _move(user: User, found: Found, steps: Steps) -> None:
    targets = _targets(user, found)
    for target, rows in targets.items():
        here: dict[int, list[int]] = defaultdict(list)
        for row in rows:
            if row.folder_id != target.pk:
                here[row.folder_id].append(row.pk)
        ids = [pk for some in here.values() for pk in some]
        steps.put_off += returning.remembered(user, ids) if ids else []
        messages.move(user, ids, target)
        steps.moved += [(source, target.pk, some) for source, some in here.items()]


def _targets(user: User, found: Found) -> Mapping[Folder, list[Message]]:
    wanted: dict[int | str, list[Message]] = defaultdict(list)
    for row, one in found:
        if one.place is not None and one.place.do != Do.KEEP:
            is_gone = one.place.do == Do.DELETE
            wanted[FolderRole.TRASH if is_gone else one.place.target].append(row)
    named = ((folder(user, key), rows) for key, rows in wanted.items())
    return {place: rows for place, rows in named if place is not None}


def folder(user: User, named: int | str) -> Folder | None:
    """A person's folder by its key or its role; None where it is gone."""
    if isinstance(named, int):
        return Folder.objects.filter(user=user, pk=named).first()
    return folders.special(user, named)


def _copy(user: User, found: Found, steps: Steps, now: datetime) -> set[int]:
    """Copy messages; which were. Where their bytes lie in a folder already, no second is made."""
    wanted: dict[int | str, list[Message]] = defaultdict(list)
    for row, one in found:
        for named in one.copies:
            wanted[named].append(row)
    copied: set[int] = set()
    for named, rows in wanted.items():
        place = folder(user, named)
        if place is None:
            continue
        there = Message.objects.filter(folder=place, blob__in={row.blob_id for row in rows})
        known = set(there.values_list("blob_id", flat=True))
        fresh = {row.blob_id: row for row in rows if row.blob_id not in known}
        if fresh and sum(row.size for row in fresh.values()) > space.left(user):
            raise SpaceFullError
        made = messages.enter([messages.twin(row, place, backfill=True) for row in fresh.values()])
        if made:
            steps.copied.append((place.pk, [one.pk for one in made]))
            met = {row.blob_id: one for row, one in found}
            _decide([_reason(copy.pk, met[copy.blob_id], Why(), now) for copy in made])
        copied |= {row.pk for row in fresh.values()}
    return copied


def _explain(found: Found, steps: Steps, now: datetime) -> None:
    """Write down why; what is known of its score stays."""
    before = {
        one.message_id: one
        for one in Decision.objects.filter(message__in=[row.pk for row, _one in found])
    }
    rows = []
    for row, one in found:
        was = before.get(row.pk)
        steps.decided.append((row.pk, was.kind if was else "", was.why if was else None))
        rows.append(_reason(row.pk, one, Why.of_row(was.why) if was else Why(), now))
    _decide(rows)


def _reason(pk: int, one: Outcome, known: Why, now: datetime) -> tuple[int, str, Any, datetime]:
    hits = tuple(FilterHit(rule.pk, rule.name, rule.is_domain) for rule in one.met)
    return pk, DecisionKind.FILTER, replace(known, filters=hits).as_row, now


def _decide(rows: Sequence[tuple[int, str, Any, datetime]]) -> None:
    Decision.objects.filter(message__in=[row[0] for row in rows]).delete()
    bulk.insert(Decision, ("message_id", "kind", "why", "made_at"), rows)


def take_back(user: User, kept: Mapping[str, Any], *, now: datetime) -> None:
    """Undo steps, in the caller's transaction, the mailbox held.

    What somebody moved on or decided about meanwhile stays as it is; what is gone stays gone. A
    copy stays where it is all that is left of a message.
    """
    known = {one.name for one in fields(Steps)}
    steps = Steps(**{name: value for name, value in kept.items() if name in known})
    back: list[int] = []
    for source, target, ids in steps.moved:
        back += _home(user, source, target, ids)
    returning.restore(user, [one for one in steps.put_off if one["message"] in set(back)])
    messages.set_flags(user, steps.seen, seen=False)
    messages.set_flags(user, steps.flagged, flagged=False)
    for key, ids in steps.labelled:
        label = Label.objects.filter(user=user, pk=key).first()
        if label is not None:
            labels.take(user, label, ids)
    _uncopy(user, steps.copied)
    _undecide(user, steps.decided, now)


def _home(user: User, source: int, target: int, ids: Iterable[int]) -> list[int]:
    home = Folder.objects.filter(user=user, pk=source).first()
    if home is None:
        return []
    there = Message.objects.filter(user=user, folder=target, pk__in=list(ids))
    found = list(there.values_list("pk", flat=True))
    messages.move(user, found, home)
    return found


def _uncopy(user: User, copied: Iterable[Sequence[Any]]) -> None:
    """Remove copies that still lie where they were put, and whose message is here without them."""
    places = {pk: place for place, ids in copied for pk in ids}
    rows = Message.objects.filter(user=user, pk__in=places).values_list(
        "pk", "folder_id", "blob_id"
    )
    there = {pk: blob for pk, folder_id, blob in rows if folder_id == places[pk]}
    others = Message.objects.filter(user=user, blob__in=set(there.values()))
    others = others.exclude(pk__in=places).exclude(folder__role=FolderRole.TRASH)
    kept = set(others.values_list("blob_id", flat=True))
    messages.remove(user, [pk for pk, blob in there.items() if blob in kept])


def _undecide(user: User, decided: Sequence[Sequence[Any]], now: datetime) -> None:
    mine = Message.objects.filter(user=user, pk__in=[one[0] for one in decided])
    here = set(mine.values_list("pk", flat=True))
    # Whoever decided meanwhile is right: a message moved to Junk since has its days from then on.
    since = Decision.objects.filter(message__in=here).exclude(kind=DecisionKind.FILTER)
    here -= set(since.values_list("message_id", flat=True))
    Decision.objects.filter(message__in=here).delete()
    rows = [(pk, kind, why, now) for pk, kind, why in decided if kind and pk in here]
    bulk.insert(Decision, ("message_id", "kind", "why", "made_at"), rows)
