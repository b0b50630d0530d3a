"""Ways back: what was done, as steps that undo it, behind a token that only its owner can use.

A short way is in the token itself, signed; a long one is a row (`WayBack`) that the token names.
Either works for an hour.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.core import signing
from django.utils.module_loading import import_string

from accounts.models import User
from mailstore.models import WayBack

LIFETIME: Final = timedelta(hours=1)
#: Characters of JSON that a page carries; it may be in a cookie until the next page.
MAX_CARRIED: Final = 1000
_SALT: Final = "webmail.undo"
#: One step: its kind and what it needs, fit for JSON.
Step = list[Any]
#: Who takes a step of each kind back; called with the user and what the step needs.
TAKERS: Final = {
    "flag": "webmail.message_steps.flag",
    "move": "webmail.message_steps.move",
    "put-off": "webmail.message_steps.put_off",
    "reminders": "webmail.message_steps.reminders",
    "label": "webmail.message_steps.label",
    "mute": "webmail.message_steps.mute",
    "label-gone": "webmail.folder_steps.label_gone",
    "folders-gone": "webmail.folder_steps.folders_gone",
    "folder-moved": "webmail.folder_steps.folder_moved",
    "search-gone": "webmail.search_steps.gone",
}


def token(user: User, steps: Sequence[Step]) -> str:
    """What undoes these steps, the last first; empty where there are none."""
    if not steps:
        return ""
    text = json.dumps(steps, separators=(",", ":"))
    if len(text) <= MAX_CARRIED:
        return _signed(user, "steps", list(steps))
    return named(user, [store(user, steps)])


def store(user: User, steps: Sequence[Step]) -> int:
    """Keep steps for an hour, to be `named`."""
    packed = zlib.compress(json.dumps(steps, separators=(",", ":")).encode())
    return WayBack.objects.create(user=user, steps=packed).pk


def named(user: User, keys: Sequence[int]) -> str:
    """A token for steps that were stored, in the order they were done."""
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
    rows = list(WayBack.objects.filter(user=user, pk__in=content).order_by("-pk"))
    for row in rows:
        _all_back(user, json.loads(zlib.decompress(bytes(row.steps))))
        row.delete()
    return bool(rows)


def _all_back(user: User, steps: list[Step]) -> None:
    for kind, *rest in reversed(steps):
        import_string(TAKERS[kind])(user, *rest)


def forget_old(*, now: datetime) -> int:
    """Drop ways back that nobody may take any more; how many."""
    return WayBack.objects.filter(made_at__lt=now - LIFETIME).delete()[0]
