"""Who was refused what: a line of the log for each, so that trying doors leaves a trace.

What somebody else's is, or is for administrators, is answered 403 or 404, a limit that was
reached 429. The line names the person by number and the page by its pattern; of what was asked
only numbers are repeated, as words may be secrets.
"""

from __future__ import annotations

import logging
from typing import Final

from django.http import HttpRequest, HttpResponseBase

from accounts.models import User

_REFUSED: Final = frozenset({403, 404, 429})
log = logging.getLogger(__name__)


def note(request: HttpRequest, user: User, answer: HttpResponseBase) -> None:
    """Log an answer that refuses something to a person who is signed in (OWASP ASVS 16.3.2)."""
    if answer.status_code not in _REFUSED:
        return
    found = request.resolver_match
    asked = found.view_name if found else "no page of ours"
    which = [f"{name}={value}" for name, value in _numbers(found.kwargs if found else {})]
    words = (user.pk, answer.status_code, request.method, " ".join([asked, *which]))
    log.warning("person %s was answered %s: %s %s", *words)


def _numbers(arguments: dict[str, object]) -> list[tuple[str, int]]:
    return [(name, value) for name, value in arguments.items() if isinstance(value, int)]
