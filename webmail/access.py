"""The one way from an id in an address to an object: another user's is not found."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User
from mailstore.models import Folder, Label, Message


def person(request: HttpRequest) -> User:
    """The signed-in user. Views behind the sign-in always have one."""
    assert isinstance(request.user, User)  # noqa: S101 - LoginRequiredMiddleware saw to it
    return request.user


def message_for(user: User, pk: int) -> Message:
    """A message of this user, or 404."""
    return get_object_or_404(
        Message.objects.select_related("folder", "blob__segment", "source", "thread"),
        user=user,
        pk=pk,
    )


def folder_for(user: User, pk: int) -> Folder:
    """A folder of this user, or 404."""
    return get_object_or_404(Folder.objects.select_related("source"), user=user, pk=pk)


def label_for(user: User, pk: int) -> Label:
    """A label of this user, or 404."""
    return get_object_or_404(Label, user=user, pk=pk)
