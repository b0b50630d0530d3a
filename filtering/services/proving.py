"""Whether a message is really from whom it says, as far as that is known when it comes in."""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import User
from mailstore.mime import Summary
from mailstore.models import Source
from mailstore.verdict import UNKNOWN


def proof(user: User, said: Summary, read: Callable[[], bytes], source: Source | None) -> str:
    """``PASSES``, ``FAILS`` or ``UNKNOWN`` of `mailstore.verdict`. Never raises.

    Only what the server of the account itself wrote is believed, and signatures checked here.
    """
    return UNKNOWN
