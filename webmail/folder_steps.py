"""Taking back what was done to folders and labels, one kind of step at a time; see `undoing`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accounts.models import User
from mailstore.models import Folder
from mailstore.services import clearing, folders, labels
from mailstore.services.clearing import Gone
from mailstore.services.folders import FolderRefused
from mailstore.services.labels import LabelRefused
from webmail import feeding
from webmail.message_steps import batches


def label_gone(user: User, name: str, color: int, ids: Sequence[int]) -> None:
    """Have a label again that was deleted, on the messages that bore it."""
    try:
        made = labels.create(user, name, color=color)
    except LabelRefused:
        # One of that name was made meanwhile.
        there = [one for one in labels.everyone(user) if one.name.casefold() == name.casefold()]
        if not there:
            return
        made = there[0]
    for some in batches(ids):
        labels.put(user, made, some)


def folders_gone(user: User, rows: list[dict[str, Any]], fed: dict[str, Any]) -> None:
    """Have folders again that were deleted, their mail, and the accounts that fed them."""
    made = clearing.restore(user, [Gone(**row) for row in rows])
    feeding.connect(user, fed, made)


def folder_moved(user: User, folder_id: int, parent_id: int | None, name: str) -> None:
    """Put a folder back where it was, under its old name; not where something else is there."""
    folder = Folder.objects.filter(user=user, pk=folder_id).first()
    parent = Folder.objects.filter(user=user, pk=parent_id).first() if parent_id else None
    if folder is None or (parent_id and parent is None):
        return
    try:
        folders.place(folder, parent, name)
    except FolderRefused:
        return


def step_of_move(folder: Folder) -> list[Any]:
    """The step that takes a folder back to where it is now."""
    return ["folder-moved", folder.pk, folder.parent_id, folder.name]
