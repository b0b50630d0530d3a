"""Moving a folder: by a dialog, or by dragging it in the tree."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mailstore.models import Folder
from mailstore.services import folders
from mailstore.services.folders import FolderRefused
from webmail import screen, undoing
from webmail.access import folder_for, person
from webmail.dialogs import dialog, go_to
from webmail.folder_steps import step_of_move
from webmail.tree import Node


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a folder under ``parent``; at the root where that is empty."""
    user = person(request)
    folder = folder_for(user, pk)
    if request.method != "POST":
        context = {"folder": folder, "targets": _targets(folder, screen.desk(user).tree.targets)}
        return dialog(request, "webmail/folder_move.html", context)
    parent_id = request.POST.get("parent", "")
    is_number = parent_id.isdecimal() and len(parent_id) < 19
    parent = folder_for(user, int(parent_id)) if is_number else None
    step = step_of_move(folder)
    try:
        folders.move(folder, parent)
    except FolderRefused as error:
        if request.headers.get("X-Part") == "json":
            return JsonResponse({"text": str(error)}, status=422)
        notes.error(request, str(error))
        return go_to(request, reverse("mail-folder", args=[pk]))
    text = (
        _("Folder “%(folder)s” is now in “%(parent)s”.")
        if parent
        else _("Folder “%(folder)s” is now at the top level.")
    )
    text %= {"folder": folder.label, "parent": parent.label if parent else ""}
    undo = undoing.token(user, [step])
    if request.headers.get("X-Part") == "json":
        return JsonResponse({"text": text, "undo": undo})
    notes.success(request, text, extra_tags=undo)
    return go_to(request, reverse("mail-folder", args=[pk]))


def _targets(folder: Folder, nodes: list[Node]) -> list[Node]:
    """Where it can go: not into itself, nor where it is."""
    below = {one.pk for one in folders.descendants(folder)}
    return [one for one in nodes if one.folder.pk not in below | {folder.parent_id}]
