"""What a person typed into the search box, understood. Pure."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from mailstore.tokens import asked

MAX_TYPED = 1000
MAX_TERMS = 30
_PIECE = re.compile(r'(-?)(?:([a-zA-Z]+):)?(?:"([^"]*)"?|(\S+))')
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,3})?)\s*([kmg]?)b?", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")
_FIELDS = {"from": "sender", "to": "recipients", "cc": "recipients", "subject": "subject"}
_FIELDS["filename"] = "files"


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand next to each other in one field (or, with no field, in any).

    The last word may go on unless `exact`.
    """

    words: tuple[str, ...]
    field: str = ""
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Everything asked for; all of it must hold. `size_over` is in bytes."""

    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    is_seen: bool | None = None
    is_flagged: bool | None = None
    has_attachments: bool | None = None
    folder: str = ""
    since: datetime | None = None
    until: datetime | None = None
    size_over: int | None = None
    size_under: int | None = None

    @property
    def is_empty(self) -> bool:
        """True where nothing was asked."""
        return self == Query()


def parse(typed: str, *, zone: tzinfo = UTC) -> Query:
    """Understand `from: to: cc: subject: filename: has: is: in: before: after: larger: smaller:`.

    A quoted phrase is exact, a leading "-" excludes. Days are those of `zone`; `before` excludes
    the day named and `after` includes it. What is not understood is searched for as words.
    """
    query = Query()
    for found in _PIECE.finditer(typed[:MAX_TYPED]):
        minus, name, phrase, word = found.groups()
        value = phrase if phrase is not None else word
        changed = _operator(query, (name or "").lower(), value, bool(minus), zone)
        if changed is None:
            field = _FIELDS.get((name or "").lower(), "")
            if name and not field:
                value = f"{name}:{value}"
            changed = _add(query, field, value, exact=phrase is not None, minus=bool(minus))
        query = changed
    return query


def _add(query: Query, field: str, value: str, *, exact: bool, minus: bool) -> Query:
    words = tuple(asked(value))
    if not words or len(query.terms) + len(query.without) >= MAX_TERMS:
        return query
    term = Term(words, field, exact)
    if minus:
        return replace(query, without=(*query.without, term))
    return replace(query, terms=(*query.terms, term))


def _operator(query: Query, name: str, value: str, minus: bool, zone: tzinfo) -> Query | None:
    """The query with an operator applied, or None if this is none."""
    value = value.strip().lower()
    flags: dict[tuple[str, str], dict[str, Any]] = {
        ("is", "unread"): {"is_seen": minus},
        ("is", "read"): {"is_seen": not minus},
        ("is", "starred"): {"is_flagged": not minus},
        ("is", "flagged"): {"is_flagged": not minus},
        ("has", "attachment"): {"has_attachments": not minus},
        ("has", "attachments"): {"has_attachments": not minus},
    }
    if (name, value) in flags:
        return replace(query, **flags[name, value])
    if name == "in" and value and not minus:
        return replace(query, folder=value)
    if name in ("before", "after") and (day := _day(value)) and not minus:
        moment = datetime(day.year, day.month, day.day, tzinfo=zone)
        return replace(query, until=moment) if name == "before" else replace(query, since=moment)
    if name in ("larger", "smaller") and (size := _bytes(value)) is not None:
        over = (name == "larger") != minus
        return replace(query, size_over=size) if over else replace(query, size_under=size)
    return None


def _day(value: str) -> date | None:
    found = _DAY.fullmatch(value)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return None


def _bytes(value: str) -> int | None:
    found = _SIZE.fullmatch(value)
    if found is None:
        return None
    scale = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}[found[2].lower()]
    return int(float(found[1]) * scale)
