"""What filters and Sieve (RFC 5228) have in common: names, strings and patterns. Pure.

Both ways, a filter is taken over whole or not at all: one condition less and it would meet mail it
was never meant for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from filtering.actions import Action
from filtering.conditions import Condition, Field, Op

#: Bytes of a script.
MAX_SCRIPT = 256 * 1024
#: The header fields that conditions of these kinds ask about.
HEADERS: Mapping[Field, tuple[str, ...]] = {
    Field.FROM: ("From",),
    Field.TO: ("To",),
    Field.CC: ("Cc",),
    Field.TO_OR_CC: ("To", "Cc"),
    Field.SUBJECT: ("Subject",),
    Field.LIST: ("List-Id", "List-Post"),
}
#: Of these, an address is compared alone where it is compared whole.
PEOPLE = frozenset((Field.FROM, Field.TO, Field.CC, Field.TO_OR_CC))
SEEN, FLAGGED, DELETED = "\\Seen", "\\Flagged", "\\Deleted"
#: "This is no junk" (RFC 5788, and the name older programs have).
NOT_JUNK = "$NotJunk"
#: What the special folders are called in scripts, whatever they are called on the page.
INBOX, TRASH = "INBOX", "Trash"
#: Every message, and none: told apart by identity, so that nobody's own condition is taken for one.
ALWAYS = Condition(Field.SIZE, Op.OVER, 0)
NEVER = Condition(Field.SIZE, Op.UNDER, 0)


@dataclass(frozen=True, slots=True)
class Portable:
    """A filter in names: folders by their path ("Bills/2026"), labels by their names.

    ``notes`` says what will be a little different: "stays" (a forwarded message stays here as
    well), "trash" (what would be thrown away goes to Deleted Items).
    """

    name: str
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]
    is_any: bool = False
    is_on: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A filter that is not taken over: its name, its place in the script (from 1), why, and what
    about it ("vacation", "spam-score")."""

    name: str
    place: int
    cause: str
    detail: str = ""


class Cannot(Exception):
    """There is no equivalent; ``cause`` and ``detail`` as in `LeftOut`."""

    def __init__(self, cause: str, detail: str = "") -> None:
        super().__init__(cause, detail)
        self.cause, self.detail = cause, detail


def quoted(text: str) -> str:
    """A Sieve string. Raises Cannot where it holds what no line may hold."""
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text):
        raise Cannot("characters")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def unquoted(token: str) -> str:
    """What a string of a script says, quoted or over several lines ("text:")."""
    if token.startswith("text:"):
        lines = token.splitlines()[1:-1]
        return "\n".join(line.removeprefix(".") for line in lines)
    return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)


def one_line(text: str) -> str:
    """A name fit for a comment: nothing in it ends the line it stands on."""
    kept = (" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text)
    return " ".join("".join(kept).split())


def starred(text: str, *, before: bool, behind: bool) -> str:
    """A pattern for ":matches" that finds a text at the beginning, or at the end."""
    escaped = re.sub(r"([\\*?])", r"\\\1", text)
    return f"{'*' if before else ''}{escaped}{'*' if behind else ''}"


def unstarred(pattern: str) -> tuple[Op, str]:
    """The comparison that a pattern of ":matches" stands for."""
    pieces = re.findall(r"\\.|\*|\?|[^\\*?]+|\\", pattern, re.DOTALL)
    plain = ["" if one in "*?" else re.sub(r"\\(.)", r"\1", one, flags=re.DOTALL) for one in pieces]
    text = "".join(plain)
    before, behind = pieces[:1] == ["*"], len(pieces) > 1 and pieces[-1] == "*"
    inner = pieces[before : len(pieces) - behind]
    if pieces and not text and set(pieces) == {"*"}:
        return Op.EXISTS, ""
    if "*" not in inner and "?" not in inner and text:
        if before and behind:
            return Op.CONTAINS, text
        return (Op.ENDS if before else Op.BEGINS if behind else Op.IS), text
    parts = (
        {"*": ".*", "?": "."}.get(one) or escaped(word)
        for one, word in zip(pieces, plain, strict=True)
    )
    return Op.MATCHES, f"(?s)^{''.join(parts)}$"


def escaped(text: str) -> str:
    """A text as a regular expression that finds it (RE2)."""
    return re.sub(r"([^\w\s]|_)", r"\\\1", text, flags=re.ASCII) if text.isascii() else _wide(text)


def _wide(text: str) -> str:
    # RE2 takes a backslash before ASCII punctuation only.
    return "".join(escaped(sign) if sign.isascii() else sign for sign in text)
