"""Regular expressions of people, which no message can make slow: RE2, in linear time. Pure.

RE2 knows no look-around and no back-references; what it refuses is refused when it is written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import re2

MAX_LENGTH = 500
#: Of the text that is looked at, in characters.
MAX_TEXT = 64 * 1024
# Bytes that the compiled expression and its states may take.
_MAX_MEMORY = 1 << 19


class PatternRefused(ValueError):
    """An expression cannot be used; ``cause`` is "empty", "long", "large" or "syntax", and
    ``detail`` what RE2 says of it, in English."""

    def __init__(self, cause: str, detail: str = "") -> None:
        super().__init__(detail or cause)
        self.cause, self.detail = cause, detail


@lru_cache(maxsize=1024)
def finder(pattern: str) -> Callable[[str], bool]:
    """Whether an expression is found in a text, letter case aside. Raises PatternRefused."""
    if not pattern:
        raise PatternRefused("empty")
    if len(pattern) > MAX_LENGTH:
        raise PatternRefused("long")
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.case_sensitive = False
    options.log_errors = False
    options.never_capture = True
    try:
        search = re2.compile(pattern.encode(), options=options).search
    except (re2.error, UnicodeEncodeError) as error:
        raise _refused(error) from None

    def found(text: str) -> bool:
        # Bytes, as RE2 would count characters for every text otherwise.
        return search(text[:MAX_TEXT].encode("utf-8", "replace")) is not None

    return found


def _refused(error: Exception) -> PatternRefused:
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return PatternRefused("large" if "too large" in text else "syntax", text[:200])
