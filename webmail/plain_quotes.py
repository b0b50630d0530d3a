"""The quotation a plain text ends with, as mail programs write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mailstore import quote_words

#: Shorter quotations are not worth folding.
MIN_QUOTE: Final = 2
MAX_INTRODUCTION: Final = 200
#: Lines over which a header block may be spread, and lines that may begin one that are tried.
HEAD_LINES: Final = 12
MAX_HEADS: Final = 50


def split_quote(text: str, *, is_forward: bool = False) -> tuple[str, str]:
    """A plain text without the quotation it ends with, and that quotation with the line that
    introduces it. Text between quotations stays where it is, and so does what was forwarded."""
    if is_forward:
        return text, ""
    lines = text.rstrip().split("\n")
    at = _marked(lines)
    if at is None:
        at = _head(lines)
    if at is None or not any(line.strip() for line in lines[:at]):
        return text, ""
    return "\n".join(lines[:at]).rstrip() + "\n", "\n".join(lines[at:]).strip("\n")


def _marked(lines: Sequence[str]) -> int | None:
    """Where the quotation begins that has a mark before each line."""
    at = len(lines)
    while at and (lines[at - 1].startswith(">") or not lines[at - 1].strip()):
        at -= 1
    if sum(line.startswith(">") for line in lines[at:]) < MIN_QUOTE:
        return None
    if at and lines[at - 1].rstrip().endswith(":") and len(lines[at - 1]) < MAX_INTRODUCTION:
        at -= 1
    return at


def _head(lines: Sequence[str]) -> int | None:
    """Where the header block is that Outlook puts above what is answered, with the rule over it;
    all that follows is quotation."""
    tried = 0
    for at, line in enumerate(lines):
        if not quote_words.may_be_head(line[:MAX_INTRODUCTION]):
            continue
        tried += 1
        if quote_words.is_head("\n".join(lines[at : at + HEAD_LINES])):
            above = at - 1
            while above > 0 and not lines[above].strip():
                above -= 1
            return above if above >= 0 and lines[above].startswith(("---", "___")) else at
        if tried == MAX_HEADS:
            break
    return None
