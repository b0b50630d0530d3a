"""What is asked of a search, as a tree. Pure; `query_text` reads it from what a person typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from typing import Final, TypeAlias

#: Fields of the index a term can be limited to. `list` names a mailing list, `kind` what is
#: attached.
FIELDS: Final = ("sender", "to", "cc", "subject", "files", "list", "kind")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand next to each other in one field (or, with no field, in any).

    The last word may go on unless `exact`. `said` is how they were typed.
    """

    words: tuple[str, ...]
    field: str = ""
    exact: bool = False
    said: str = dataclass_field(default="", compare=False)

    @property
    def is_open(self) -> bool:
        """Whether the last word may go on. A single letter of an alphabet stands for itself."""
        return not self.exact and (len(self.words[-1]) > 1 or not self.words[-1].isascii())


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the row of a message tells. Sizes are in bytes, names in lower case.

    `name`: seen, flagged, answered, forwarded, draft, muted, attachments, labelled, folder,
    account, label, since, until (that moment no more), over, under.
    """

    name: str
    value: bool | int | str | datetime


@dataclass(frozen=True, slots=True)
class Not:
    """What must not hold."""

    of: Node


@dataclass(frozen=True, slots=True)
class Both:
    """All of it must hold."""

    of: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of it must hold."""

    of: tuple[Node, ...]


Node: TypeAlias = Term | Fact | Not | Both | Either


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of what was typed, from `start` to `end`, and what it means.

    `doubt` says why `unclear` is searched for as words: "" (it is not), "operator", "date", "size"
    or "value". A piece that asks nothing of its own has no node.
    """

    node: Node | None
    start: int
    end: int
    doubt: str = ""
    unclear: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """Everything asked for; all of it must hold. `is_cut`: more was typed than is searched for."""

    typed: str = ""
    pieces: tuple[Piece, ...] = ()
    is_cut: bool = False

    @property
    def node(self) -> Both:
        """The tree of it all."""
        return Both(tuple(piece.node for piece in self.pieces if piece.node is not None))

    @property
    def is_empty(self) -> bool:
        """True where nothing was asked."""
        return not self.node.of

    @property
    def names_folder(self) -> bool:
        """Whether it says itself which folders to look in."""
        return any(isinstance(one, Fact) and one.name == "folder" for one in leaves(self.node))

    @property
    def shown(self) -> tuple[Term, ...]:
        """The words that messages found have, to be marked in them."""
        wanted = leaves(self.node, wanted=True)
        return tuple(one for one in wanted if isinstance(one, Term) and one.field != "kind")

    def without(self, piece: Piece) -> str:
        """What was typed but for one piece."""
        left = self.typed[: piece.start].rstrip() + " " + self.typed[piece.end :].lstrip()
        return left.strip()


def leaves(node: Node, *, wanted: bool = False) -> Iterator[Term | Fact]:
    """The terms and facts of a tree; with `wanted`, not what must not hold."""
    if isinstance(node, (Term, Fact)):
        yield node
    elif isinstance(node, Not):
        if not wanted:
            yield from leaves(node.of)
    else:
        for one in node.of:
            yield from leaves(one, wanted=wanted)
