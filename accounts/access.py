"""The one way from an id in an address to an object: another person's is not found."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import User


def person(request: HttpRequest) -> User:
    """The signed-in user. Views behind the sign-in always have one."""
    assert isinstance(request.user, User)  # noqa: S101 - LoginRequiredMiddleware saw to it
    return request.user
