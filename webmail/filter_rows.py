"""The lines of a filter's form: one for each condition and each action. Pure.

Every line sends all of its fields, also those that are not seen, so that lists of values fit
together without a script and nothing typed is lost when the kind of a line changes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final, TypeVar

from django.http import QueryDict
from django.utils.functional import Promise

from filtering.actions import Action, Do
from filtering.conditions import BARE, OPERATORS, Condition, Field, Op, Value
from webmail.filter_words import OPS

T = TypeVar("T", Field, Op, Do)
#: Sizes are given in these.
UNITS: Final = {"B": 1, "KB": 1024, "MB": 1024 * 1024}
_SIZES: Final = (Field.SIZE, Field.ATTACHMENT_SIZE)
_MAX_ROWS: Final = 100
_CONDITION: Final = ("c_field", "c_op", "c_name", "c_value", "c_last", "c_unit")
_ACTION: Final = ("a_do", "a_folder", "a_label", "a_text")


@dataclass(slots=True)
class ConditionRow:
    """One condition as it is typed. ``error`` is what is wrong with it."""

    field: Field = Field.FROM
    op: Op = Op.CONTAINS
    name: str = ""
    value: str = ""
    last: str = ""
    unit: str = "KB"
    error: str = ""
    is_new: bool = False

    @property
    def kind(self) -> str:
        """Which fields it has: "none", "text", "several", "size", "score", "days", "between",
        "account" or "proof"."""
        if self.op in BARE:
            return "none"
        if self.field == Field.DATE:
            return "between" if self.op == Op.BETWEEN else "days"
        special = {Field.ACCOUNT: "account", Field.AUTH: "proof", Field.SPAM_SCORE: "score"}
        if self.field in _SIZES:
            return "size"
        return special.get(self.field) or ("several" if self.op == Op.ONE_OF else "text")

    @property
    def ops(self) -> list[tuple[str, str | Promise]]:
        """The comparisons that go with its field. An account is chosen alone: several of them are
        several conditions."""
        offered = OPERATORS[self.field]
        return [
            (str(op), OPS[op])
            for op in offered
            if self.field != Field.ACCOUNT or op != Op.ONE_OF or self.op == Op.ONE_OF
        ]

    @property
    def condition(self) -> Condition:
        """As it is saved; what makes no sense is left as it is, and refused by the check."""
        name = self.name.strip() if self.field == Field.HEADER else ""
        return Condition(self.field, self.op, self._value(), name)

    def _value(self) -> Value:
        text = self.value.strip()
        if self.kind == "between":
            return (text, self.last.strip())
        if self.kind == "account":
            keys = tuple(int(one) for one in text.split(",") if one.isdecimal() and len(one) < 19)
            return keys if self.op == Op.ONE_OF or not keys else keys[0]
        if self.kind == "several":
            return tuple(_split(text))
        if self.kind in ("size", "score", "days"):
            return _number(text, UNITS.get(self.unit, 1) if self.kind == "size" else 1)
        return text

    def settle(self) -> None:
        """Take a comparison that goes with the field where another was chosen."""
        if self.op not in OPERATORS[self.field]:
            self.op = OPERATORS[self.field][0]
            self.value = ""


@dataclass(slots=True)
class ActionRow:
    """One action as it is chosen: a folder by its key or role, a label by its key, or a text."""

    do: Do = Do.MOVE
    folder: str = ""
    label: str = ""
    text: str = ""
    error: str = ""
    is_new: bool = False

    def action(self, *, of_domain: bool) -> Action:
        """As it is saved; an empty target is refused by the check."""
        if self.do in (Do.MOVE, Do.COPY):
            return Action(self.do, self.folder if of_domain else _key(self.folder))
        if self.do == Do.LABEL:
            return Action(self.do, self.text.strip() if of_domain else _key(self.label))
        return Action(self.do, self.text.strip() if self.do == Do.FORWARD else "")


def _key(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _number(text: str, unit: int) -> int | float | str:
    try:
        found = float(text.replace(",", ".")) * unit
    except ValueError:
        return text
    # Of a size the bytes are whole; 5.0 is 5.
    return int(found) if unit > 1 or (found.is_integer() and abs(found) < 2**53) else found


def _split(text: str) -> list[str]:
    """The words between commas; those with a comma inside stand in quotation marks."""
    try:
        rows = list(csv.reader([text], skipinitialspace=True))
    except csv.Error:
        rows = [text.split(",")]
    return [word.strip() for row in rows for word in row if word.strip()]


def _joined(words: Sequence[str | int]) -> str:
    quoted = (f'"{word}"' if "," in str(word) else str(word) for word in words)
    return ", ".join(quoted)


def conditions_of(post: QueryDict) -> list[ConditionRow]:
    """The conditions a form sent."""
    found = []
    for field, op, name, value, last, unit in _lines(post, _CONDITION):
        wanted = _named(Field, field, Field.FROM)
        row = ConditionRow(wanted, _named(Op, op, Op.CONTAINS), name, value, last, unit)
        found.append(row)
    return found


def actions_of(post: QueryDict) -> list[ActionRow]:
    """The actions a form sent."""
    return [
        ActionRow(_named(Do, do, Do.MOVE), folder, label, text)
        for do, folder, label, text in _lines(post, _ACTION)
    ]


def _lines(post: QueryDict, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    lists = [post.getlist(name)[:_MAX_ROWS] for name in names]
    for values in zip_longest(*lists, fillvalue=""):
        if values[0]:
            yield tuple(one.replace("\0", "")[:2000] for one in values)


def _named(kind: type[T], text: str, otherwise: T) -> T:
    try:
        return kind(text)
    except ValueError:
        return otherwise


def row_of(one: Condition) -> ConditionRow:
    """A condition as its line shows it."""
    row = ConditionRow(one.field, one.op, one.name)
    if row.kind == "between" and isinstance(one.value, tuple):
        row.value, row.last = (str(day) for day in (*one.value, "", "")[:2])
    elif isinstance(one.value, tuple):
        row.value = _joined(one.value)
    elif row.kind == "size" and isinstance(one.value, (int, float)):
        row.value, row.unit = _in_units(one.value)
    else:
        row.value = str(one.value)
    return row


def _in_units(count: float) -> tuple[str, str]:
    for unit in ("MB", "KB"):
        if count and count % UNITS[unit] == 0:
            return str(int(count // UNITS[unit])), unit
    return str(int(count)), "B"


def line_of(one: Action) -> ActionRow:
    """An action as its line shows it."""
    row = ActionRow(one.do)
    if one.do in (Do.MOVE, Do.COPY):
        row.folder = str(one.target)
    elif one.do == Do.LABEL:
        row.label = row.text = str(one.target)
    elif one.do == Do.FORWARD:
        row.text = str(one.target)
    return row
