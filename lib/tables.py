"""Tables that came as text, as far as a look at them needs."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from itertools import islice

MAX_ROWS = 200
MAX_COLUMNS = 50
MAX_CELL = 300
_SEPARATORS = (",", ";", "\t", "|")


def rows(text: str) -> Sequence[Sequence[str]]:
    """The first rows and columns of separated values; empty where it is no table."""
    head = text[:4096].partition("\n")[0]
    separator = max(_SEPARATORS, key=head.count)
    if not head.count(separator):
        return ()
    lines = text.splitlines(keepends=True)
    try:
        read = csv.reader(islice(lines, 10 * MAX_ROWS), delimiter=separator)
        return [[cell[:MAX_CELL] for cell in row[:MAX_COLUMNS]] for row in islice(read, MAX_ROWS)]
    except csv.Error:
        return ()
