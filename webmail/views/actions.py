"""Doing something to messages, and undoing it. Works as a plain form and from a script."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from mailstore.models import Folder
from webmail import actions, screen
from webmail.access import folder_for, person
from webmail.dialogs import dialog
from webmail.onward import local_path

MAX_IDS = 1000


def ids_of(request: HttpRequest) -> list[int]:
    """The message ids of a form or an address; what is not a number is left out."""
    values = request.POST if request.method == "POST" else request.GET
    return [int(one) for one in values.getlist("id")[:MAX_IDS] if one.isdecimal() and len(one) < 19]


@require_POST
def action(request: HttpRequest) -> HttpResponse:
    """Do one thing (``do``) to messages (``id``, repeated). ``one`` is "do:id" for one row."""
    user = person(request)
    do, ids = request.POST.get("do", ""), ids_of(request)
    one, _colon, pk = request.POST.get("one", "").partition(":")
    if pk.isdecimal() and len(pk) < 19:
        do, ids = one, [int(pk)]
    if not ids:
        return _answer(request, user, actions.Done(_("No message was selected.")))
    if do == "destroy" and "sure" not in request.POST:
        return dialog(request, "webmail/destroy.html", {"ids": ids, "next": _next(request)})
    try:
        done = actions.act(user, do, ids, folder=_target(request, user))
    except (actions.NothingThere, KeyError) as error:
        raise Http404 from error
    return _answer(request, user, done)


@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take the last action back by its token."""
    user = person(request)
    if not actions.undo(user, request.POST.get("token", "")):
        raise Http404
    return _answer(request, user, actions.Done(actions.undone_text()))


@require_safe
def move(request: HttpRequest) -> HttpResponse:
    """Choose a folder for messages: a dialog, or a page without scripts."""
    user = person(request)
    tree = screen.desk(user).tree
    return dialog(
        request,
        "webmail/move.html",
        {"ids": ids_of(request), "targets": tree.targets, "next": _next(request)},
    )


def _target(request: HttpRequest, user: User) -> Folder | None:
    pk = request.POST.get("folder", "")
    return folder_for(user, int(pk)) if pk.isdecimal() and len(pk) < 19 else None


def _next(request: HttpRequest) -> str:
    values = request.POST if request.method == "POST" else request.GET
    return local_path(request, values.get("next", ""))


def _answer(request: HttpRequest, user: User, done: actions.Done) -> HttpResponse:
    if request.headers.get("X-Part") != "json":
        notes.success(request, done.text, extra_tags=done.undo)
        return redirect(_next(request))
    found = screen.desk(user)
    return JsonResponse(
        {
            "text": done.text,
            "undo": done.undo,
            "counts": found.counts(),
            "version": str(found.tree.version),
        }
    )
