"""Waiting for something another process does, without guessing how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def wait_until(look: Callable[[], Found], what: str, *, seconds: float = 120) -> Found:
    """Call ``look`` until it returns something true, and return that.

    The limit is no timing assertion: it is generous, and only ends a run that would hang.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    message = f"Waited {seconds:g} s in vain until {what}."
    raise AssertionError(message)
