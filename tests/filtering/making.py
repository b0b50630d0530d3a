"""Filters for tests, made as people make them."""

from __future__ import annotations

from accounts.models import Domain, User
from filtering.actions import Action, Do
from filtering.conditions import Condition, Field, Op
from filtering.models import Filter
from filtering.services import filters
from filtering.services.filters import Wanted
from tests.mail import NOW


def subject(word: str) -> Condition:
    return Condition(Field.SUBJECT, Op.CONTAINS, word)


def wanted(name: str, asked: Condition | list[Condition], *does: Action, **more: bool) -> Wanted:
    conditions = asked if isinstance(asked, list) else [asked]
    return Wanted(name, conditions, list(does), **more)


def made(owner: User | Domain, word: str, *does: Action, **more: bool) -> Filter:
    """A filter about a word of the subject."""
    name = f"{word} filter"
    return filters.save(
        owner, wanted(name, subject(word), *does, **more), row=None, actor=None, now=NOW
    )


def move(folder: int | str) -> Action:
    return Action(Do.MOVE, folder)
