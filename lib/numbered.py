"""Addresses with a number in them, such as those of messages.

Django looks for the pattern of each one anew, which of a message's page was a tenth of the time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from django.urls import get_script_prefix, get_urlconf, reverse

# No address has it for another reason.
_MARK: Final = 7_070_707_070_707


def numbered(name: str, number: int) -> str:
    """As Django's ``reverse(name, args=[number])``. Raises NoReverseMatch."""
    if type(number) is not int or number < 0:
        return reverse(name, args=[number])
    before, after = _around(name, get_script_prefix(), get_urlconf())
    return f"{before}{number}{after}"


@lru_cache(maxsize=1024)
def _around(name: str, _prefix: str, _urlconf: str | None) -> tuple[str, str]:
    """What stands before and after the number, for where the site lives."""
    before, _mark, after = reverse(name, args=[_MARK]).partition(str(_MARK))
    return before, after
