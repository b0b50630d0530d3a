"""Folders: made, renamed, emptied, deleted, marked read. Dialogs that are pages without scripts."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailstore.services import folders
from mailstore.services.folders import FolderRefused
from webmail import screen
from webmail.access import folder_for, person
from webmail.dialogs import dialog, go_to
from webmail.place import place_of


@require_safe
def tree(request: HttpRequest) -> HttpResponse:
    """The folder pane alone, after folders changed."""
    user = person(request)
    place = place_of(request.GET)
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
    if request.method != "POST":
        return dialog(request, "webmail/folder_menu.html", {"folder": folder, "name": folder.name})
    name = request.POST.get("name", "")
    try:
        folders.rename(folder, name)
    except FolderRefused as error:
        folder.refresh_from_db()
        context = {"folder": folder, "name": name, "error": str(error)}
        return dialog(request, "webmail/folder_menu.html", context, status=422)
    return go_to(request, reverse("mail-folder", args=[pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then delete a folder; its messages go to Deleted Items."""
    folder = folder_for(person(request), pk)
    if request.method != "POST":
        total = sum(one.total for one in folders.descendants(folder))
        return dialog(request, "webmail/folder_delete.html", {"folder": folder, "total": total})
    try:
        folders.delete(folder)
    except FolderRefused as error:
        notes.error(request, str(error))
        return go_to(request, reverse("mail-folder", args=[pk]))
    notes.success(
        request, _("Folder “%s” was deleted. Its messages are in Deleted Items.") % folder.name
    )
    return go_to(request, reverse("mail"))


@require_http_methods(["GET", "HEAD", "POST"])
def empty(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then remove every message of Junk or Deleted Items for good."""
    folder = folder_for(person(request), pk)
    if request.method != "POST":
        return dialog(request, "webmail/folder_empty.html", {"folder": folder})
    try:
        count = folders.empty(folder)
    except FolderRefused as error:
        notes.error(request, str(error))
    else:
        text = ngettext("%(count)d message was removed.", "%(count)d messages were removed.", count)
        notes.success(request, text % {"count": count})
    return go_to(request, reverse("mail-folder", args=[pk]))


@require_POST
def mark_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark everything in a folder read."""
    folder = folder_for(person(request), pk)
    count = folders.mark_all_read(folder)
    text = ngettext("%(count)d message marked read.", "%(count)d messages marked read.", count)
    notes.success(request, text % {"count": count})
    return go_to(request, reverse("mail-folder", args=[pk]))
