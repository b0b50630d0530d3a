"""The one way from an id in an address to an object: another user's is not found."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.access import person
from accounts.models import User
from lib.prepared import Prepared
from mailstore.models import Folder, Label, Message

__all__ = ["folder_for", "label_for", "message_for", "person"]


def _message(user: int, pk: int) -> QuerySet[Message, Any]:
    rows = Message.objects.select_related("folder", "blob__segment", "source", "thread")
    return rows.filter(user=user, pk=pk)


def _folder(user: int, pk: int) -> QuerySet[Folder, Any]:
    return Folder.objects.select_related("source").filter(user=user, pk=pk)


T = TypeVar("T")
_MESSAGE: Final = Prepared(_message, int, int)
_FOLDER: Final = Prepared(_folder, int, int)


def message_for(user: User, pk: int) -> Message:
    """A message of this user, or 404."""
    return _only(_MESSAGE.objects(Message, user.pk, _key(pk)))


def folder_for(user: User, pk: int) -> Folder:
    """A folder of this user, or 404."""
    return _only(_FOLDER.objects(Folder, user.pk, _key(pk)))


def label_for(user: User, pk: int) -> Label:
    """A label of this user, or 404."""
    return get_object_or_404(Label, user=user, pk=pk)


def _key(pk: int) -> int:
    """An id as databases take it: an address may have any number, however long."""
    return pk if pk < 2**63 else 0


def _only(found: list[T]) -> T:
    for one in found:
        return one
    raise Http404
