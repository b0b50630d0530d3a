"""A tree of HTML that the cleaner wrote, for what is changed between two cleanings.

Nothing may touch what the cleaner wrote last. So whoever folds quotes or marks links works on
this tree, which a first cleaning made regular, and the last cleaning judges the result like a
stranger's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape

from mailstore.clean_parser import CleanParser

VOID = frozenset({"br", "col", "hr", "img", "wbr"})


@dataclass(slots=True)
class Element:
    """One element; the root has no name. `children` holds elements and texts, unescaped."""

    tag: str
    attrs: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        """This element and all in it, in the order of the text. Stays right where an element's
        own attributes and children change while it is the one that was given last."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += [child for child in reversed(one.children) if isinstance(child, Element)]

    @property
    def words(self) -> str:
        """All text in it."""
        pieces: list[str] = []
        waiting: list[Element | str] = [self]
        while waiting:
            one = waiting.pop()
            if isinstance(one, str):
                pieces.append(one)
            else:
                waiting += reversed(one.children)
        return "".join(pieces)


# Changes a tree in place, before the last cleaning.
Edit = Callable[[Element], None]


class _Reader(CleanParser):
    def __init__(self) -> None:
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: dict[str, str]) -> None:
        made = Element(tag, attrs)
        self._open[-1].children.append(made)
        if tag not in VOID:
            self._open.append(made)

    def handle_endtag(self, tag: str) -> None:
        if len(self._open) > 1 and self._open[-1].tag == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def read(html: str) -> Element:
    """The tree of HTML that the cleaner wrote. Linear, and no deeper than what is read."""
    reader = _Reader()
    reader.feed(html)
    return reader.root


def write(root: Element) -> str:
    """The tree as HTML, to be cleaned."""
    out: list[str] = []
    # Closing tags wait among the elements they belong to.
    waiting: list[Element | str] = [*reversed(root.children)]
    closing: list[tuple[int, str]] = []
    while waiting or closing:
        if closing and closing[-1][0] == len(waiting):
            out.append(f"</{closing.pop()[1]}>")
            continue
        one = waiting.pop()
        if isinstance(one, str):
            # A reader takes a carriage return for a line end.
            out.append(escape(one, quote=False).replace("\r", "&#13;"))
            continue
        attrs = "".join(f' {name}="{escape(value)}"' for name, value in one.attrs.items())
        out.append(f"<{one.tag}{attrs}>")
        if one.tag not in VOID:
            closing.append((len(waiting), one.tag))
            waiting += reversed(one.children)
    return "".join(out)
