"""Where somebody is led who has just signed in, before the page they wanted.

The sign-in views ask once they are done; nothing looks at ordinary requests.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User

#: In the session: a bar reminds of the missing backup address until it is closed.
REMIND: Final = "remind-of-backup"
#: Whoever has put the question off so often is not asked any more.
ENOUGH: Final = 4


def page_for(request: HttpRequest, user: User, onward: str) -> str:
    """The first page: an offer to keep an account that is to be deleted, the welcome of somebody
    who is new, else ``onward``, a path of this site that was asked for."""
    if user.delete_after is not None:
        return _then("keep-account", onward)
    if user.welcomed_at is None:
        return _then("welcome", onward)
    if user.backup_confirmed_at is None and user.backup_skipped < ENOUGH:
        request.session[REMIND] = True
    return onward


def _then(name: str, onward: str) -> str:
    return f"{reverse(name)}?{urlencode({'next': onward})}" if onward else reverse(name)
