"""Filters of a person or a domain: listed, saved, ordered, removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import acting
from accounts.models import Domain, User
from accounts.services import audit, telling
from filtering import rules
from filtering.actions import Action, Do
from filtering.conditions import Condition, Field
from filtering.models import Filter, Match
from filtering.rules import Rule
from filtering.services.checked import (
    MAX_ACTIONS,
    MAX_CONDITIONS,
    MAX_PATTERNS,
    FilterRefused,
    Owner,
    Wanted,
    check,
    patterns,
)
from mailstore.models import Folder, Label, Source
from mailstore.text import one_line

__all__ = [
    "MAX_ACTIONS", "MAX_CONDITIONS", "MOST", "FilterRefused", "Listed", "Owner", "Wanted", "check",
    "copy", "delete", "listed", "of_wanted", "reorder", "restore", "save", "switch", "wanted_of",
]  # fmt: skip

#: Of one person or domain.
MOST = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """A filter in a list. ``attention`` says, fit to be shown, what is wrong with it: it is passed
    over until that is mended; empty: nothing."""

    filter: Filter
    conditions: tuple[Condition, ...] = ()
    actions: tuple[Action, ...] = ()
    attention: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


def listed(owner: Owner) -> list[Listed]:
    """The filters of a person or a domain in their order; four queries at most.

    ``names`` of each has what filters of this owner name and is there: "folder:12", "label:3",
    "source:4" to the name as people read it.
    """
    rows = list(Filter.objects.all().owned_by(owner)[: MOST * 2])
    read = [(row, *_read(row)) for row in rows]
    asked = [one for _row, conditions, _actions, _whole in read for one in conditions]
    done = [one for _row, _conditions, actions, _whole in read for one in actions]
    names = _names(owner, asked, done) if isinstance(owner, User) else {}
    return [
        Listed(row, conditions, actions, _attention(row, conditions, actions, whole, names), names)
        for row, conditions, actions, whole in read
    ]


def _read(row: Filter) -> tuple[tuple[Condition, ...], tuple[Action, ...], bool]:
    """Conditions and actions of a row, and whether all of them could be read."""
    conditions: list[Condition] = []
    actions: list[Action] = []
    whole = isinstance(row.conditions, list) and isinstance(row.actions, list)
    for one in row.conditions if whole else ():
        try:
            conditions.append(Condition.of_row(one))
        except (ValueError, TypeError):
            whole = False
    for one in row.actions if whole else ():
        try:
            actions.append(Action.of_row(one))
        except (ValueError, TypeError):
            whole = False
    return tuple(conditions), tuple(actions), whole


def _names(user: User, asked: Iterable[Condition], done: Iterable[Action]) -> dict[str, str]:
    keys: dict[str, set[int]] = {"folder": set(), "label": set(), "source": set()}
    for action in done:
        if isinstance(action.target, int):
            keys["label" if action.do == Do.LABEL else "folder"].add(action.target)
    for one in asked:
        if one.field == Field.ACCOUNT:
            keys["source"] |= set(_sources(one))
    found: dict[str, str] = {}
    if keys["folder"]:
        found |= _paths(user, keys["folder"])
    if keys["label"]:
        rows = Label.objects.filter(user=user, pk__in=keys["label"])
        found |= {f"label:{one.pk}": one.name for one in rows}
    if keys["source"]:
        sources = Source.objects.filter(user=user, pk__in=keys["source"])
        found |= {f"source:{one.pk}": one.name for one in sources}
    return found


def _paths(user: User, keys: set[int]) -> dict[str, str]:
    by_key = {one.pk: one for one in Folder.objects.filter(user=user)}
    return {f"folder:{key}": _path(by_key, by_key[key]) for key in keys if key in by_key}


def _path(by_key: Mapping[int, Folder], folder: Folder) -> str:
    steps, at = [folder.label], by_key.get(folder.parent_id or 0)
    while at is not None and len(steps) < 100:
        steps.insert(0, at.label)
        at = by_key.get(at.parent_id or 0)
    return " / ".join(steps)


def _sources(one: Condition) -> list[int]:
    values = one.value if isinstance(one.value, tuple) else (one.value,)
    return [key for key in values if isinstance(key, int)]


def _attention(
    row: Filter,
    conditions: Sequence[Condition],
    actions: Sequence[Action],
    whole: bool,
    names: Mapping[str, str],
) -> str:
    if not whole or not _is_asked(row, conditions, actions):
        return _("This filter cannot be read. Open it, and save it anew.")
    if row.domain_id:
        return ""
    for one in actions:
        if one.do in (Do.MOVE, Do.COPY) and f"folder:{one.target}" not in names:
            return _("Its folder is gone. Choose another, until then this filter is passed over.")
        if one.do == Do.LABEL and f"label:{one.target}" not in names:
            return _("Its label is gone. Choose another, until then this filter is passed over.")
    for condition in conditions:
        sources = _sources(condition) if condition.field == Field.ACCOUNT else []
        if any(f"source:{key}" not in names for key in sources):
            return _("Its account is gone. Choose another: nothing comes through it any more.")
    return ""


def _is_asked(row: Filter, conditions: Sequence[Condition], actions: Sequence[Action]) -> bool:
    try:
        _rule(row.pk, row.name, row.match == Match.ANY, conditions, actions)
    except (ValueError, TypeError):
        return False
    return bool(actions)


def _rule(
    pk: int, name: str, is_any: bool, conditions: Sequence[Condition], actions: Sequence[Action]
) -> Rule:
    return rules.rule(
        pk, name, is_domain=False, is_any=is_any, conditions=conditions, actions=actions
    )


def of_wanted(wanted: Wanted) -> Rule:
    """A filter that was checked, ready to be asked; its key is 0."""
    return _rule(0, wanted.name, wanted.is_any, wanted.conditions, wanted.actions)


def wanted_of(row: Filter) -> Wanted:
    """A filter as its form shows it; what cannot be read is left out."""
    conditions, actions, _whole = _read(row)
    return Wanted(row.name, conditions, actions, is_any=row.match == Match.ANY, is_on=row.is_on)


def save(
    owner: Owner, wanted: Wanted, *, row: Filter | None, actor: User | None, now: datetime
) -> Filter:
    """Make a filter, the last of them, or change ``row``. Raises FilterRefused."""
    check(owner, wanted)
    with transaction.atomic():
        is_new, before = row is None, _forwards(row) if row is not None else set()
        if row is None:
            _room(owner)
            row = Filter(position=_last(owner) + 1, **_whose(owner))
        _patterns(owner, row, wanted)
        row.name = one_line(wanted.name, 120)
        row.is_on = wanted.is_on
        row.match = Match.ANY if wanted.is_any else Match.ALL
        row.conditions = [one.as_row for one in wanted.conditions]
        row.actions = [one.as_row for one in wanted.actions]
        row.changed_at = now
        row.save()
        _note("filter-added" if is_new else "filter-changed", owner, row, actor, now)
        _tell(row, _forwards(row) - before, now)
    return row


def _forwards(row: Filter) -> set[str]:
    """Where a filter forwards mail to."""
    return {str(one.target) for one in _read(row)[1] if one.do == Do.FORWARD and row.is_on}


def _tell(row: Filter, addresses: Iterable[str], now: datetime) -> None:
    """Whoever got into an account reads on by such a filter: its owner is told on every way."""
    if (user := row.user) is None:
        return
    for address in sorted(addresses):
        telling.tell(
            user=user,
            what="filter-forwards",
            now=now,
            who=address,
            url=reverse("filters"),
            caller=acting.caller(),
        )


def _whose(owner: Owner) -> dict[str, Any]:
    return {"domain": owner} if isinstance(owner, Domain) else {"user": owner}


def _room(owner: Owner) -> None:
    if Filter.objects.filter(**_whose(owner)).count() >= MOST:
        sentence = _("There are %d filters already. Delete one first.") % MOST
        raise FilterRefused({"name": sentence})


def _patterns(owner: Owner, row: Filter, wanted: Wanted) -> None:
    """Raise FilterRefused where all filters together would have too many regular expressions."""
    many = patterns(wanted.conditions)
    if not many:
        return
    others = Filter.objects.filter(**_whose(owner)).exclude(pk=row.pk)
    if many + sum(patterns(_read(one)[0]) for one in others) > MAX_PATTERNS:
        sentence = _("All your filters together can have at most %d regular expressions.")
        raise FilterRefused({"conditions": sentence % MAX_PATTERNS})


def _last(owner: Owner) -> int:
    found = Filter.objects.filter(**_whose(owner)).aggregate(last=Max("position"))["last"]
    return int(found) if found is not None else -1


def _note(action: str, owner: Owner, row: Filter, actor: User | None, now: datetime) -> None:
    """What a filter does is told; what it looks for is its owner's own business."""
    does = [str(one.do) for one in _read(row)[1]]
    audit.record(
        action,
        now=now,
        actor=actor,
        subject=owner if isinstance(owner, User) else None,
        domain=owner if isinstance(owner, Domain) else None,
        caller=acting.caller(),
        detail={"filter": row.pk, "does": does, "on": row.is_on},
    )


def switch(row: Filter, *, is_on: bool, actor: User | None, now: datetime) -> None:
    """Switch a filter on or off."""
    with transaction.atomic():
        before = _forwards(row)
        row.is_on, row.changed_at = is_on, now
        row.save(update_fields=["is_on", "changed_at"])
        _note("filter-changed", owner_of(row), row, actor, now)
        _tell(row, _forwards(row) - before, now)


def owner_of(row: Filter) -> Owner:
    """Whose filter it is."""
    owner = row.domain if row.domain_id else row.user
    assert owner is not None  # noqa: S101 - one of them is set, by constraint
    return owner


def reorder(owner: Owner, keys: Sequence[int], *, actor: User | None, now: datetime) -> None:
    """Put the filters into this order; those not named come last, those of others are ignored."""
    with transaction.atomic():
        rows = list(Filter.objects.all().owned_by(owner))
        places = {key: place for place, key in enumerate(keys)}
        rows.sort(key=lambda one: places.get(one.pk, len(places)))
        for place, row in enumerate(rows):
            row.position = place
        Filter.objects.bulk_update(rows, ["position"])
        audit.record(
            "filters-ordered",
            now=now,
            actor=actor,
            subject=owner if isinstance(owner, User) else None,
            domain=owner if isinstance(owner, Domain) else None,
            caller=acting.caller(),
        )


def delete(row: Filter, *, actor: User | None, now: datetime) -> dict[str, Any]:
    """Delete a filter; what `restore` has it again by, fit for JSON."""
    kept = {name: getattr(row, name) for name in _KEPT}
    with transaction.atomic():
        _note("filter-removed", owner_of(row), row, actor, now)
        row.delete()
    return kept


_KEPT = ("position", "name", "is_on", "match", "conditions", "actions")


def restore(owner: Owner, kept: Mapping[str, Any], *, actor: User | None, now: datetime) -> Filter:
    """Have again what `delete` took away, in its place. Raises FilterRefused where there are
    `MOST` by now."""
    with transaction.atomic():
        _room(owner)
        row = Filter(**{name: kept[name] for name in _KEPT}, changed_at=now, **_whose(owner))
        _open(owner, row.position)
        row.save()
        _note("filter-added", owner, row, actor, now)
        _tell(row, _forwards(row), now)
    return row


def _open(owner: Owner, position: int) -> None:
    """Make room for one at this place."""
    below = Filter.objects.filter(position__gte=position, **_whose(owner))
    below.update(position=F("position") + 1)


def copy(row: Filter, *, actor: User | None, now: datetime) -> Filter:
    """A copy right below, switched off. Raises FilterRefused where there are `MOST` already."""
    owner = owner_of(row)
    name = one_line(_("Copy of %s") % row.name, 120)
    with transaction.atomic():
        _room(owner)
        _open(owner, row.position + 1)
        made = Filter.objects.create(
            position=row.position + 1,
            name=name,
            is_on=False,
            match=row.match,
            conditions=row.conditions,
            actions=row.actions,
            changed_at=now,
            **_whose(owner),
        )
        _note("filter-added", owner, made, actor, now)
    return made
