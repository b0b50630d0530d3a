"""Understanding what a person typed into the search box. Pure.

A quoted phrase is exact, a leading "-" excludes, `OR` takes the two things beside it, brackets
group. What is not understood is searched for as words, and the piece says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Final

from mailstore import query_values as values
from mailstore.query import Both, Either, Fact, Node, Not, Piece, Query, Term
from mailstore.tokens import asked, numbers

MAX_TYPED: Final = 1000
MAX_TERMS: Final = 30
MAX_DEPTH: Final = 8
#: Operators that look for words in one field.
FIELDS: Final = {
    "from": "sender",
    "to": "to",
    "cc": "cc",
    "subject": "subject",
    "filename": "files",
    "list": "list",
}
IS: Final = {
    "unread": Fact("seen", value=False),
    "read": Fact("seen", value=True),
    "starred": Fact("flagged", value=True),
    "flagged": Fact("flagged", value=True),
    "answered": Fact("answered", value=True),
    "replied": Fact("answered", value=True),
    "forwarded": Fact("forwarded", value=True),
    "draft": Fact("draft", value=True),
    "muted": Fact("muted", value=True),
    "snoozed": Fact("folder", "snoozed"),
}
HAS: Final[dict[str, Fact | Term]] = {
    "attachment": Fact("attachments", value=True),
    "attachments": Fact("attachments", value=True),
    "label": Fact("labelled", value=True),
    **{
        name: Term((kind,), "kind", exact=True)
        for kind, names in {
            "image": "image images picture pictures photo photos",
            "pdf": "pdf",
            "document": "document documents",
            "sheet": "spreadsheet sheet",
            "slides": "presentation slides",
            "film": "video videos film",
            "sound": "audio music sound",
            "archive": "archive zip",
            "event": "invitation calendar event",
            "contact": "contact vcard",
            "message": "message",
            "list": "list newsletter",
        }.items()
        for name in names.split()
    },
}
DATES: Final = ("before", "after", "since", "on", "older_than", "newer_than", "older", "newer")
#: Every operator, in the order they are offered.
OPERATORS: Final = (
    *("from", "to", "cc", "subject", "has", "is", "in", "account", "label", "filename", "list"),
    *("before", "after", "on", "older_than", "newer_than", "larger", "smaller"),
)
_KNOWN: Final = frozenset((*OPERATORS, *DATES))
_NOUNS: Final = {"in": "folder", "account": "account", "label": "label"}
_NUMBER = re.compile(r"\+?[\d.,'/()-]{4,40}")
_ORS: Final = ("OR", "|")
_TOKEN = re.compile(
    r"(?P<minus>-?)(?:(?P<name>[a-zA-Z_]{1,20}):(?P<gap>\s*))?"
    r'(?:(?P<open>\()|"(?P<phrase>[^"]*)"?|(?P<word>[^\s()"]+))|(?P<close>\))'
)


@dataclass(slots=True)
class _Reader:
    """One reading of one text."""

    tokens: list[re.Match[str]]
    today: date
    zone: tzinfo
    at: int = 0
    depth: int = 0
    terms: int = 0
    is_cut: bool = False
    inside: list[str] = field(default_factory=list)

    def pieces(self) -> list[Piece]:
        """The pieces up to the bracket that closes, or the end."""
        found: list[Piece] = []
        joins = False
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token["close"]:
                if self.depth:
                    break
                continue
            if token["word"] in _ORS and not token["name"] and not token["minus"]:
                joins = bool(found)
                continue
            piece = self._piece(token)
            if joins and found:
                piece = _joined(found.pop(), piece)
            found.append(piece)
            joins = False
        return found

    def _piece(self, token: re.Match[str]) -> Piece:
        name = (token["name"] or "").lower()
        if token["open"]:
            return self._group(token, name)
        value = token["phrase"] if token["phrase"] is not None else token["word"]
        if value.endswith(":") and value[:-1].lower() in _KNOWN and not name:
            # An operator whose value is still to come.
            return Piece(None, token.start(), token.end())
        node, doubt = self._meant(name, value, token)
        if node is not None and token["minus"]:
            node = Not(node)
        return Piece(node, token.start(), token.end(), doubt, token[0] if doubt else "")

    def _group(self, token: re.Match[str], name: str) -> Piece:
        if self.depth >= MAX_DEPTH:
            self.is_cut = True
            return Piece(None, token.start(), token.end())
        self.depth += 1
        self.inside.append(FIELDS.get(name, self.inside[-1] if self.inside else ""))
        found = self.pieces()
        self.inside.pop()
        self.depth -= 1
        end = self.tokens[self.at - 1].end()
        nodes = tuple(piece.node for piece in found if piece.node is not None)
        said = next(((one.doubt, one.unclear) for one in found if one.doubt), ("", ""))
        if not nodes:
            return Piece(None, token.start(), end, *said)
        node: Node = nodes[0] if len(nodes) == 1 else Both(nodes)
        return Piece(Not(node) if token["minus"] else node, token.start(), end, *said)

    def _meant(self, name: str, value: str, token: re.Match[str]) -> tuple[Node | None, str]:
        """The node of an operator and its value, or of words; and why it is only words."""
        exact = token["phrase"] is not None
        if name in FIELDS:
            return self._term(value, FIELDS[name], exact=exact), ""
        if not name:
            return self._term(value, self.inside[-1] if self.inside else "", exact=exact), ""
        fact = self._fact(name, value.strip().casefold())
        if fact is not None:
            return fact, ""
        # An address of the web, a time, "Re: …": nobody meant an operator.
        plain = value.startswith("//") or (name not in _KNOWN and bool(token["gap"]))
        doubt = "" if plain else "operator"
        if name in _KNOWN:
            doubt = {"larger": "size", "smaller": "size"}.get(name, "")
            doubt = doubt or ("date" if name in DATES else "value")
        # Both words, side by side.
        return self._term(f"{name}:{value}", "", exact=exact), doubt

    def _term(self, value: str, where: str, *, exact: bool) -> Node | None:
        words = tuple(asked(value))
        if not words:
            return None
        if self.terms >= MAX_TERMS:
            self.is_cut = True
            return None
        self.terms += 1
        found = Term(words, where, exact, value)
        # 1234.50 may be written 1,234.50: then only the digits agree.
        digits = numbers(value, 1) if _NUMBER.fullmatch(value) and not exact else []
        return Either((found, Term((digits[0],), where, exact, value))) if digits else found

    def _fact(self, name: str, value: str) -> Node | None:
        if name == "is":
            return IS.get(value)
        if name == "has":
            return HAS.get(value)
        if name in _NOUNS:
            return Fact(_NOUNS[name], value) if value else None
        if name in ("larger", "smaller"):
            size = values.size(value)
            kind = "over" if name == "larger" else "under"
            return None if size is None else Fact(kind, size)
        return self._time(name, value) if name in DATES else None

    def _time(self, name: str, value: str) -> Node | None:
        if name.startswith(("older", "newer")):
            day = values.age(value, self.today)
            kind = "until" if name.startswith("older") else "since"
            return None if day is None else Fact(kind, self._moment(day))
        span = values.days(value, self.today)
        if span is None:
            return None
        since, until = Fact("since", self._moment(span[0])), Fact("until", self._moment(span[0]))
        if name == "before":
            return until
        return since if name != "on" else Both((since, Fact("until", self._moment(span[1]))))

    def _moment(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)


def _joined(first: Piece, second: Piece) -> Piece:
    """Two pieces with OR between them."""
    unclear = first if first.doubt else second
    said = (first.start, second.end, unclear.doubt, unclear.unclear)
    if first.node is None or second.node is None:
        return Piece(first.node if second.node is None else second.node, *said)
    before = first.node.of if isinstance(first.node, Either) else (first.node,)
    return Piece(Either((*before, second.node)), *said)


def parse(typed: str, *, zone: tzinfo = UTC, today: date | None = None) -> Query:
    """Understand what was typed; see `OPERATORS`.

    Days are those of `zone`; `before` excludes the day named and `after` includes it. `today` is
    what ages are counted from; without it, they are not understood. Capped: 1,000 characters,
    30 words or phrases, 8 brackets deep.
    """
    cut = typed[:MAX_TYPED]
    reader = _Reader(list(_TOKEN.finditer(cut)), today or date.min, zone)
    pieces = reader.pieces()
    is_cut = reader.is_cut or len(typed) > MAX_TYPED
    return Query(cut, tuple(pieces), is_cut)
