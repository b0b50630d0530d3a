"""Ways back: what was done, as steps that undo it, behind a token that only its owner can use.

A short way is in the token itself, signed; a long one is a row (`WayBack`) that the token names.
Either works for an hour.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from django.core import signing
from django.utils.module_loading import import_string

from accounts.models import User
from mailstore.services import ways_back
from mailstore.services.ways_back import LIFETIME

#: Characters of JSON that a page carries; it may be in a cookie until the next page.
MAX_CARRIED: Final = 1000
_SALT: Final = "webmail.undo"
#: One step: its kind and what it needs, fit for JSON.
Step = list[Any]
#: Who takes a step of each kind back; called with the user and what the step needs.
TAKERS: Final = {
    "flag": "webmail.message_steps.flag",
    "move": "webmail.message_steps.move",
    "judged": "webmail.message_steps.judged",
    "put-off": "webmail.message_steps.put_off",
    "reminders": "webmail.message_steps.reminders",
    "label": "webmail.message_steps.label",
    "mute": "webmail.message_steps.mute",
    "label-gone": "webmail.folder_steps.label_gone",
    "folders-gone": "webmail.folder_steps.folders_gone",
    "folder-moved": "webmail.folder_steps.folder_moved",
    "sender-gone": "webmail.junk_steps.gone",
    "sender-new": "webmail.junk_steps.new",
    "search-gone": "webmail.search_steps.gone",
    "filter-gone": "webmail.filter_steps.gone",
}


def token(user: User, steps: Sequence[Step]) -> str:
    """What undoes these steps, the last first; empty where there are none."""
    if not steps:
        return ""
    text = json.dumps(steps, separators=(",", ":"))
    if len(text) <= MAX_CARRIED:
        return _signed(user, "steps", list(steps))
    return named(user, [ways_back.keep(user, steps)])


def named(user: User, keys: Sequence[int]) -> str:
    """A token for steps that are kept by `ways_back`."""
    return _signed(user, "rows", list(keys)) if keys else ""


def _signed(user: User, kind: str, given: list[Any]) -> str:
    return signing.dumps([user.pk, kind, given], salt=_SALT, compress=True)


def take_back(user: User, given: str) -> bool:
    """Undo what a token stands for; False where it is forged, foreign, used up or too old."""
    try:
        owner, kind, content = signing.loads(given, salt=_SALT, max_age=LIFETIME)
    except (signing.BadSignature, ValueError):
        return False
    if owner != user.pk:
        return False
    if kind == "steps":
        _all_back(user, content)
        return True
    kept = ways_back.take(user, content)
    for steps in kept:
        _all_back(user, steps)
    return bool(kept)


def _all_back(user: User, steps: list[Step]) -> None:
    for kind, *rest in reversed(steps):
        import_string(TAKERS[kind])(user, *rest)
