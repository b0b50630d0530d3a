"""The files of a folder, whatever messages they came with."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailstore.file_kinds import KINDS
from mailstore.text import one_line
from webmail import attachment_list, screen
from webmail.access import folder_for, person
from webmail.attachment_list import Asked
from webmail.place import Place


@require_safe
def of_folder(request: HttpRequest, pk: int) -> HttpResponse:
    """A page of files; ``kind`` and ``name`` narrow it, ``before`` goes on."""
    user = person(request)
    folder = folder_for(user, pk)
    kind = request.GET.get("kind", "")
    name = one_line(request.GET.get("name", ""), 100)
    asked = Asked(kind if kind in KINDS else "", name)
    listed = attachment_list.page(folder, asked, request.GET.get("before", ""))
    context = {
        "folder": folder,
        "asked": asked,
        "lines": listed.lines,
        "more": asked.url(folder, before=listed.cursor) if listed.cursor else "",
        "kinds": attachment_list.kinds(folder, asked),
        **screen.tree_context(screen.desk(user), Place(where=str(pk))),
    }
    answer = render(request, "webmail/attachments.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
