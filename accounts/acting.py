"""On whose behalf this thread works: what the audit lines of services below a view tell.

A view hands no request down to services, and most changes are many calls away from it. Only
`accounts.services.audit.note` reads this; nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest

from accounts.callers import NOBODY, Caller, caller_of
from accounts.models import User

_REQUEST: ContextVar[HttpRequest | None] = ContextVar("acting", default=None)


@contextmanager
def serving(request: HttpRequest) -> Iterator[None]:
    """Everything inside is done for whoever sent this request."""
    token = _REQUEST.set(request)
    try:
        yield
    finally:
        _REQUEST.reset(token)


def actor() -> User | None:
    """Whose request this is; None in a worker and in an operator's command."""
    request = _REQUEST.get()
    user = getattr(request, "user", None)
    return user if isinstance(user, User) else None


def caller() -> Caller:
    """Where the request came from; nobody in a worker and in an operator's command."""
    request = _REQUEST.get()
    return NOBODY if request is None else caller_of(request)
