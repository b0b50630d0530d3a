"""A word for how the folder pane is drawn, the numbers of messages aside."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2s

from mailstore.models import Label
from webmail.figures import Figures
from webmail.finding import Line
from webmail.tree import Tree


def shape(tree: Tree, known: Figures, labels: Iterable[Label], searches: Iterable[Line]) -> str:
    """The same as long as every line stands where it did, under the name and colour it had.

    A page whose word is another one than that of the news draws its pane anew.
    """
    lines: list[object] = [
        (one.pk, one.parent_id, one.name, one.color, one.is_favourite, one.is_hidden)
        for one in tree.folders.values()
    ]
    lines.sort(key=repr)
    lines += [(one.pk, one.name, one.color) for one in labels]
    lines += [(one.pk, one.name, one.query) for one in searches]
    lines.append((known.waiting, known.attention, known.reminders))
    return blake2s(repr(lines).encode(), digest_size=8).hexdigest()
