"""Folders: made, renamed, dressed, emptied, deleted, marked read. Dialogs that are pages without
scripts."""

from __future__ import annotations

from dataclasses import asdict

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailstore.services import clearing, folders
from mailstore.services.folders import FolderRefused
from mailstore.services.labels import COLOURS
from webmail import feeding, screen, undoing
from webmail.access import folder_for, person
from webmail.dialogs import dialog, go_to, in_page
from webmail.place import Place
from webmail.place_at import place_at

#: Batches of a thousand that one request removes while somebody looks at the numbers.
AT_ONCE = 5


@require_safe
def tree(request: HttpRequest) -> HttpResponse:
    """The folder pane alone, after folders changed; ``at`` is the address of the list beside it."""
    user = person(request)
    at = request.GET.get("at", "/")
    place = Place(where="outbox") if at == reverse("outbox") else place_at(at)
    return render(request, "webmail/_tree.html", screen.tree_context(screen.desk(user), place))


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a folder, at the root or under another one."""
    user = person(request)
    values = request.POST if request.method == "POST" else request.GET
    parent_id = values.get("parent", "")
    is_number = parent_id.isdecimal() and len(parent_id) < 19
    parent = folder_for(user, int(parent_id)) if is_number else None
    if request.method != "POST":
        return dialog(request, "webmail/folder_new.html", {"parent": parent})
    name = request.POST.get("name", "")
    try:
        made = folders.create(user, parent=parent, name=name)
    except FolderRefused as error:
        context = {"parent": parent, "name": name, "error": str(error)}
        return dialog(request, "webmail/folder_new.html", context, status=422)
    notes.success(request, _("Folder “%s” was made.") % made.name)
    return go_to(request, reverse("mail-folder", args=[made.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def menu(request: HttpRequest, pk: int) -> HttpResponse:
    """What can be done to one folder; POST renames it."""
    folder = folder_for(person(request), pk)
    context = {
        "folder": folder,
        "name": folder.name,
        "fed_by": feeding.names([pk]),
        "colours": range(1, COLOURS + 1),
        "color": folder.color,
        "link": request.build_absolute_uri(reverse("mail-folder", args=[pk])),
    }
    if request.method != "POST":
        return dialog(request, "webmail/folder_menu.html", context)
    name = request.POST.get("name", "")
    try:
        folders.rename(folder, name)
    except FolderRefused as error:
        context |= {"name": name, "error": str(error)}
        return dialog(request, "webmail/folder_menu.html", context, status=422)
    return go_to(request, reverse("mail-folder", args=[pk]))


@require_POST
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Change how a folder is shown: its ``color``, ``favourite`` and ``hidden`` (1 or 0)."""
    folder = folder_for(person(request), pk)
    color = request.POST.get("color", "")
    favourite, hidden = (request.POST.get(name) for name in ("favourite", "hidden"))
    folders.look(
        folder,
        color=min(int(color), COLOURS) if color.isdecimal() and len(color) < 3 else None,
        is_favourite=None if favourite is None else favourite == "1",
        is_hidden=None if hidden is None else hidden == "1",
    )
    return go_to(request, reverse("mail-folder", args=[pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then delete a folder; its messages go to Deleted Items. It can be had again."""
    user = person(request)
    folder = folder_for(user, pk)
    doomed = folders.descendants(folder)
    if request.method != "POST":
        context = {
            "folder": folder,
            "total": sum(one.total for one in doomed),
            "below": len(doomed) - 1,
            "fed_by": feeding.names(one.pk for one in doomed),
        }
        return dialog(request, "webmail/folder_delete.html", context)
    fed = feeding.connections(one.pk for one in doomed)
    try:
        gone = clearing.delete(folder)
    except FolderRefused as error:
        notes.error(request, str(error))
        return go_to(request, reverse("mail-folder", args=[pk]))
    undo = undoing.token(user, [["folders-gone", [asdict(one) for one in gone], fed]])
    text = _("Folder “%s” was deleted. Its messages are in Deleted Items.") % folder.name
    notes.success(request, text, extra_tags=undo)
    return go_to(request, reverse("mail"))


@require_http_methods(["GET", "HEAD", "POST"])
def empty(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then remove the messages of Junk or Deleted Items for good; not what comes meanwhile.

    A script is told how far it is and asks again; for a plain form it ends when all is done.
    """
    folder = folder_for(person(request), pk)
    if request.method != "POST":
        context = {"folder": folder, "upto": clearing.newest(folder), "total": folder.total}
        return dialog(request, "webmail/folder_empty.html", context)
    upto, total = (_number(request, name) for name in ("upto", "total"))
    upto, total = upto or clearing.newest(folder), total or folder.total
    try:
        left = clearing.empty(folder, upto=upto, batches=AT_ONCE)
        while left and not in_page(request):
            left = clearing.empty(folder, upto=upto, batches=AT_ONCE)
    except FolderRefused as error:
        notes.error(request, str(error))
        return go_to(request, reverse("mail-folder", args=[pk]))
    if left:
        context = {"folder": folder, "upto": upto, "total": total, "done": max(total - left, 0)}
        return dialog(request, "webmail/folder_emptying.html", context)
    text = ngettext("%(count)d message was removed.", "%(count)d messages were removed.", total)
    notes.success(request, text % {"count": total})
    return go_to(request, reverse("mail-folder", args=[pk]))


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else 0


@require_POST
def mark_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark everything in a folder read."""
    user = person(request)
    changed = clearing.mark_all_read(folder_for(user, pk))
    count = len(changed)
    text = ngettext("%(count)d message marked read.", "%(count)d messages marked read.", count)
    steps = [["flag", "is_seen", False, changed]] if changed else []
    notes.success(request, text % {"count": count}, extra_tags=undoing.token(user, steps))
    return go_to(request, reverse("mail-folder", args=[pk]))
