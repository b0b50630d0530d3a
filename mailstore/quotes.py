"""Folds the quotation an HTML mail ends with, whatever program wrote it.

Works on the tree between two cleanings (`html_tree`). What is folded are the last children of one
element, all of them, so that nothing changes its place; only where something was written above.
Answers between quotations stay as they are, and so does what was forwarded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from mailstore import quote_words
from mailstore.html_tree import Element
from mailstore.quote_words import MAX_HEAD

CLASS: Final = "tributary-quote"


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


#: Classes by which mail programs tell a quotation, or the line above one.
_MARKS: Final = _names(
    "gmail_quote gmail_quote_container yahoo_quoted moz-cite-prefix protonmail_quote tutanota_quote"
    " zmail_extra OutlookMessageHeader ms-outlook-mobile-reference-message"
)
_FORWARDED: Final = _names("moz-forward-container")
#: Where a fold may stand without being moved by a reader of HTML; the root has no name.
_HOMES: Final = _names("article aside blockquote center div font main section span td") | {""}
_BLOCKS: Final = _names(
    "address article aside blockquote br center details div dl dt dd footer h1 h2 h3 h4 h5 h6"
    " header hr li main ol p pre section table tbody td tfoot th thead tr ul"
)
_BLANK: Final = " \t\n\r\f\u00a0\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f"

#: Where the first word of a header block stands, and over how much it may be spread.
MAX_FIRST: Final = 200
MAX_LINES: Final = 40
#: Of texts that begin like one this many are looked into.
MAX_HEADS: Final = 50

Child = Element | str


def fold_quotes(root: Element) -> None:
    """Put the quotation at the end of a mail into a `details` element, closed."""
    home, is_below = root, False
    while True:
        at = _beginning(home.children, is_below=is_below)
        if at is not None:
            _fold(home, *at)
            return
        last = next(
            (at for at in reversed(range(len(home.children))) if _is_seen(home.children[at])), -1
        )
        child = home.children[last] if last >= 0 else ""
        if not isinstance(child, Element) or _is_all_quoted(child):
            return
        is_below = is_below or _any(_is_seen, home.children, 0, last)
        home = child


def _fold(home: Element, start: int, end: int) -> None:
    if home.tag not in _HOMES:
        return
    quoted = home.children[start:end]
    summary = Element("summary", {"class": CLASS})
    home.children[start:end] = [Element("details", {"class": CLASS}, [summary, *quoted])]


def _beginning(children: Sequence[Child], *, is_below: bool) -> tuple[int, int] | None:
    """From where to where these children are quotation; None where they end with none.

    `is_below` says that something is written above them.
    """
    heads = 0
    for at, child in enumerate(children):
        is_head = heads < MAX_HEADS and _may_be_head(child)
        if is_head:
            heads += 1
            is_head = quote_words.is_head(_text(children[at : at + MAX_LINES], MAX_HEAD))
        start = at if is_head else _quotes_from(children, at)
        if start is None or not (is_below or _any(_is_seen, children, 0, start)):
            continue
        if isinstance(child, Element) and _is_forwarded(child):
            return None
        # A quotation has an end of its own; a header block has not.
        end = len(children) if is_head else _end(children, at)
        if not (_any(_is_seen, children, end) and _any(_holds_quote, children, end)):
            return start, end
    return None


def _any(
    fits: Callable[[Child], bool], children: Sequence[Child], start: int, end: int | None = None
) -> bool:
    """Whether one of these fits; without a copy of them, as there may be very many."""
    return any(fits(children[at]) for at in range(start, len(children) if end is None else end))


def _quotes_from(children: Sequence[Child], at: int) -> int | None:
    """Where the quotation begins that this child is, with the line above it; None if it is none."""
    child = children[at]
    if isinstance(child, str):
        return None
    if _classes(child) & _MARKS:
        return at
    if child.tag != "blockquote":
        return None
    above = _line_above(children, at)
    if quote_words.is_introduction("".join(_words(children[above:at]))):
        return above
    return at if quote_words.is_introduction(_first_line(child)) else None


def _end(children: Sequence[Child], at: int) -> int:
    """Behind the quotation at this place: the line above one is followed by it."""
    for end in range(at, len(children)):
        child = children[end]
        if isinstance(child, Element) and (child.tag == "blockquote" or _holds_quote(child)):
            return end + 1
    return at + 1


def _line_above(children: Sequence[Child], at: int) -> int:
    """Where the last line above this place begins."""
    seen = False
    for place in range(at - 1, -1, -1):
        child = children[place]
        is_block = isinstance(child, Element) and child.tag in _BLOCKS
        if _is_seen(child):
            if is_block:
                return place + 1 if seen else place
            seen = True
        elif seen and is_block:
            return place + 1
    return 0 if seen else at


def _may_be_head(child: Child) -> bool:
    return quote_words.may_be_head(_text([child], MAX_FIRST))


def _first_line(element: Element) -> str:
    return _text([element], quote_words.MAX_INTRODUCTION + 1).strip().partition("\n")[0]


def _is_all_quoted(child: Element) -> bool:
    """Whether there is nothing but quotation in the last thing there is to be seen."""
    is_quote = child.tag == "blockquote" or bool(_classes(child) & _MARKS)
    return is_quote or _is_forwarded(child)


def _is_forwarded(child: Element) -> bool:
    if _classes(child) & _FORWARDED:
        return True
    # Gmail's line stands in the element that an answer's quotation stands in.
    first = _first_line(child)
    return first.startswith("-----") and first.endswith("-----")


def _holds_quote(child: Child) -> bool:
    if not isinstance(child, Element):
        return False
    return any(one.tag == "blockquote" or _classes(one) & _MARKS for one in child.walk())


def _classes(child: Element) -> set[str]:
    return set(child.attrs.get("class", "").split())


def _is_seen(child: Child) -> bool:
    """Whether a reader sees something of it: a letter or a picture."""
    return any(piece.strip(_BLANK) for piece in _words([child]))


def _text(children: Sequence[Child], limit: int) -> str:
    """The beginning of their text, blocks on lines of their own."""
    pieces: list[str] = []
    length = 0
    for piece in _words(children):
        pieces.append(piece)
        length += len(piece)
        if length >= limit:
            break
    return "".join(pieces)[:limit]


def _words(children: Sequence[Child]) -> Iterator[str]:
    """Text piece by piece, as far as it is wanted; a picture is a sign of its own."""
    waiting: list[Child] = [*reversed(children)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one if one == "\n" else one.replace("\n", " ")
            continue
        if one.tag in _BLOCKS:
            yield "\n"
            waiting.append("\n")
        elif one.tag == "img":
            yield "\ufffc"
        waiting += reversed(one.children)
