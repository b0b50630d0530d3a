"""Filters of a person or a domain: listed, checked, saved, ordered, removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import Domain, User
from filtering.actions import Action
from filtering.conditions import Condition
from filtering.models import Filter

#: Of one person or domain.
MOST = 200
MAX_CONDITIONS = 30
MAX_ACTIONS = 15

Owner = User | Domain


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter as somebody wants it."""

    name: str
    conditions: Sequence[Condition]
    actions: Sequence[Action]
    is_any: bool = False
    is_on: bool = True


class FilterRefused(Exception):
    """A filter cannot be saved. ``errors`` are sentences by what they are about: "name",
    "conditions", "conditions.0" (its place), "actions", "actions.1"; fit to be shown."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Listed:
    """A filter in a list. ``attention`` says, fit to be shown, what is wrong with it: it is passed
    over until that is mended; empty: nothing."""

    filter: Filter
    conditions: tuple[Condition, ...] = ()
    actions: tuple[Action, ...] = ()
    attention: str = ""
    names: dict[str, str] = field(default_factory=dict)


def listed(owner: Owner) -> list[Listed]:
    """The filters of a person or a domain in their order; three queries at most.

    ``names`` of each has what its actions and conditions name: "folder:12", "label:3", "source:4"
    to the name as people read it.
    """
    raise NotImplementedError


def check(owner: Owner, wanted: Wanted) -> None:
    """Raise FilterRefused unless the filter can be saved as it is."""
    raise NotImplementedError


def save(
    owner: Owner, wanted: Wanted, *, row: Filter | None, actor: User | None, now: datetime
) -> Filter:
    """Make a filter, the last of them, or change ``row``. Raises FilterRefused."""
    raise NotImplementedError


def switch(row: Filter, *, is_on: bool, actor: User | None, now: datetime) -> None:
    """Switch a filter on or off."""
    raise NotImplementedError


def reorder(owner: Owner, keys: Sequence[int], *, actor: User | None) -> None:
    """Put the filters into this order; those not named come last, those of others are ignored."""
    raise NotImplementedError


def delete(row: Filter, *, actor: User | None) -> dict[str, Any]:
    """Delete a filter; what `restore` has it again by, fit for JSON."""
    raise NotImplementedError


def restore(owner: Owner, kept: dict[str, Any], *, actor: User | None, now: datetime) -> Filter:
    """Have again what `delete` took away, in its place. Raises FilterRefused."""
    raise NotImplementedError


def copy(row: Filter, *, actor: User | None, now: datetime) -> Filter:
    """A copy right below, switched off. Raises FilterRefused where there are `MOST` already."""
    raise NotImplementedError
