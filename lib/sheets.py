"""Lines of comma-separated values that are safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

# What spreadsheets take for a formula (OWASP, CSV injection; ASVS 1.2.10).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: object) -> str:
    """The text of one cell; what a spreadsheet would reckon with is marked as text."""
    text = "" if value is None else str(value).replace("\0", "")
    return f"'{text}" if text.lstrip(" \u3000").startswith(_FORMULA) else text


def line(cells: Iterable[object]) -> str:
    """One line with its end (RFC 4180)."""
    into = io.StringIO()
    csv.writer(into).writerow([cell(one) for one in cells])
    return into.getvalue()
