"""What a filter asks of a message: read from a row, and made into a question. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Field(StrEnum):
    """What can be asked about."""

    FROM = "from"
    TO = "to"
    CC = "cc"
    TO_OR_CC = "to-or-cc"
    SUBJECT = "subject"
    HEADER = "header"
    BODY = "body"
    ATTACHMENT_NAME = "attachment-name"
    ATTACHMENT_TYPE = "attachment-type"
    ATTACHMENT_SIZE = "attachment-size"
    SIZE = "size"
    DATE = "date"
    LIST = "list"
    ACCOUNT = "account"
    AUTH = "auth"
    SPAM_SCORE = "spam-score"


class Op(StrEnum):
    """How it is compared; which of them a field knows is in `OPERATORS`."""

    CONTAINS = "contains"
    LACKS = "lacks"
    IS = "is"
    IS_NOT = "is-not"
    BEGINS = "begins"
    ENDS = "ends"
    MATCHES = "matches"
    EXISTS = "exists"
    IS_MISSING = "is-missing"
    OVER = "over"
    UNDER = "under"
    OLDER = "older"
    NEWER = "newer"
    BETWEEN = "between"
    ONE_OF = "one-of"


_TEXT = (
    Op.CONTAINS, Op.LACKS, Op.IS, Op.IS_NOT, Op.BEGINS, Op.ENDS, Op.MATCHES, Op.ONE_OF, Op.EXISTS,
    Op.IS_MISSING,
)  # fmt: skip
_NUMBER = (Op.OVER, Op.UNDER)

#: The operators of each field, in the order they are offered.
OPERATORS: Mapping[Field, tuple[Op, ...]] = {
    Field.FROM: _TEXT,
    Field.TO: _TEXT,
    Field.CC: _TEXT,
    Field.TO_OR_CC: _TEXT,
    Field.SUBJECT: _TEXT,
    Field.HEADER: _TEXT,
    Field.BODY: (Op.CONTAINS, Op.LACKS, Op.MATCHES),
    Field.ATTACHMENT_NAME: _TEXT,
    Field.ATTACHMENT_TYPE: (Op.IS, Op.IS_NOT, Op.CONTAINS, Op.LACKS, Op.BEGINS, Op.ONE_OF),
    Field.ATTACHMENT_SIZE: _NUMBER,
    Field.SIZE: _NUMBER,
    Field.DATE: (Op.OLDER, Op.NEWER, Op.BETWEEN),
    Field.LIST: _TEXT,
    Field.ACCOUNT: (Op.IS, Op.IS_NOT, Op.ONE_OF),
    Field.AUTH: (Op.IS, Op.IS_NOT),
    Field.SPAM_SCORE: _NUMBER,
}
#: Operators that need no value.
BARE = frozenset((Op.EXISTS, Op.IS_MISSING))

Value = str | int | float | tuple[str, ...] | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. ``name`` is that of a header field. ``value`` is a text; bytes for sizes;
    points for the spam score; days for `Op.OLDER` and `Op.NEWER`; two days in ISO 8601, both
    included, for `Op.BETWEEN`; keys of `mailstore.Source` for the account; "passes", "fails" or
    "unknown" for the authentication; several of them for `Op.ONE_OF`.
    """

    field: Field
    op: Op
    value: Value = ""
    name: str = ""

    @property
    def as_row(self) -> dict[str, Any]:
        """As a row keeps it: ``{"field": "header", "name": "X-Foo", "op": "is", "value": "a"}``."""
        row: dict[str, Any] = {"field": str(self.field), "op": str(self.op)}
        if self.name:
            row["name"] = self.name
        if self.op not in BARE:
            row["value"] = list(self.value) if isinstance(self.value, tuple) else self.value
        return row

    @classmethod
    def of_row(cls, row: object) -> Condition:
        """From a row. Raises ValueError where it is none."""
        if not isinstance(row, Mapping):
            raise ValueError("a condition is an object")
        field, op = Field(row.get("field", "")), Op(row.get("op", ""))
        if op not in OPERATORS[field]:
            raise ValueError(f"{field} knows no {op}")
        value = row.get("value", "")
        value = tuple(value) if isinstance(value, list) else value
        return cls(field, op, value, str(row.get("name", "")))
