"""Which accounts bring mail into a folder, and what becomes of that when the folder changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.models import User
from mailstore.models import Folder
from retrieval.models import RemoteFolder, RetrievalTask


def names(folder_ids: Iterable[int]) -> list[str]:
    """The names of the accounts whose mail arrives in any of these folders."""
    ids = list(folder_ids)
    tasks = RetrievalTask.objects.filter(destination__in=ids) | RetrievalTask.objects.filter(
        folders__local__in=ids
    )
    return sorted(set(tasks.values_list("source__name", flat=True)))


def connections(folder_ids: Iterable[int]) -> dict[str, Any]:
    """What has to be known to `connect` them again; fit for JSON."""
    ids = list(folder_ids)
    return {
        "folders": list(RemoteFolder.objects.filter(local__in=ids).values_list("pk", "local")),
        "tasks": list(
            RetrievalTask.objects.filter(destination__in=ids).values_list("pk", "destination")
        ),
    }


def connect(user: User, fed: Mapping[str, Any], made: Mapping[int, Folder]) -> None:
    """Let mail arrive again in folders that were made anew, unless it found another place."""
    for pk, old in fed["folders"]:
        if old in made:
            RemoteFolder.objects.filter(pk=pk, task__user=user, local=None).update(local=made[old])
    for pk, old in fed["tasks"]:
        if old in made:
            mine = RetrievalTask.objects.filter(pk=pk, user=user, destination=None)
            mine.update(destination=made[old])
