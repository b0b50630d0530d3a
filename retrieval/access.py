"""The only way a view gets at a task: its own user's, or 404."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import User
from mailstore.models import Folder
from retrieval.models import RetrievalTask


def task_for(user: User, pk: int) -> RetrievalTask:
    """The user's task with this id. Raises `Http404`, also for somebody else's."""
    tasks = RetrievalTask.objects.select_related(
        "source", "destination", "credential__grant__client", "user__domain"
    )
    return get_object_or_404(tasks, pk=pk, user=user)


def folder_for(user: User, pk: int) -> Folder:
    """The user's folder with this id. Raises `Http404`, also for somebody else's."""
    folder = Folder.objects.filter(user=user, pk=pk).first()
    if folder is None:
        raise Http404
    return folder
