"""Doing something to messages, and undoing it. Works as a plain form and from a script."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from mailstore.services.folders import FolderRefused
from mailstore.services.labels import LabelRefused
from mailstore.services.snoozing import TimeRefused
from webmail import actions, recent, screen, undoing, whole
from webmail.access import person
from webmail.actions import Done
from webmail.asked import NothingThere, Wish
from webmail.dialogs import dialog
from webmail.onward import local_path
from webmail.place import Place
from webmail.place_at import place_at
from webmail.scope import widen
from webmail.wishing import ids_of, wish_of


@require_POST
def action(request: HttpRequest) -> HttpResponse:
    """Do one thing to messages: ``do`` (see `wishing`) to each ``id``.

    ``scope=conversation`` means the rest of their conversations in the list too, ``all=1`` every
    message of the list. Which list: its address in ``place``, else where ``next`` leads. A script
    that is answered with ``rest`` asks again with it, until it is empty.
    """
    user = person(request)
    do, ids = request.POST.get("do", ""), ids_of(request.POST)
    is_all = request.POST.get("all") == "1"
    if not ids and not is_all:
        return _answer(request, user, Done(_("No message was selected.")))
    if do == "destroy" and "sure" not in request.POST:
        return _ask(request, user, ids, is_all)
    try:
        wish = wish_of(user, do, request.POST)
        if wish.folder is not None:
            recent.note(request, wish.folder)
        if is_all:
            return _everything(request, user, wish)
        # A star and a reminder are of the one message they are given to; taking them takes all.
        if request.POST.get("scope") == "conversation" and do not in {"star", "remind"}:
            ids = widen(user, ids, _place(request))
        done = actions.carry_out(user, wish, ids)
    except (TimeRefused, LabelRefused, FolderRefused) as refused:
        return _refusal(request, str(refused))
    except (NothingThere, KeyError) as error:
        raise Http404 from error
    return _answer(request, user, done)


def _ask(request: HttpRequest, user: User, ids: list[int], is_all: bool) -> HttpResponse:
    """Whether to delete these messages for good."""
    place = _place(request)
    count = whole.begin(user, place, screen.tree_of(user)).total if is_all else len(ids)
    given = {"ids": ids, "count": count, "next": next_of(request), "everything": is_all}
    return dialog(request, "webmail/destroy.html", {**given, "place_url": place.url})


def _everything(request: HttpRequest, user: User, wish: Wish) -> HttpResponse:
    """A piece of it for a script, all of it for a plain form."""
    place, tree = _place(request), screen.tree_of(user)
    told = request.POST.get("rest", "")
    way = whole.read(user, told) if told else whole.begin(user, place, tree)
    if way is None:
        raise Http404
    is_script = request.headers.get("X-Part") == "json"
    way = whole.go_on(user, wish, place, tree, way)
    while not way.is_over and not is_script:
        way = whole.go_on(user, wish, place, tree, way)
    if not way.done and way.is_over:
        return _answer(request, user, Done(_("No message was selected.")))
    undo = undoing.named(user, way.ways)
    text = actions.said(user, wish, way.done)
    more = {"rest": way.rest(user), "done": way.done, "total": way.total}
    return _answer(request, user, Done(text, undo), more)


@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take the last action back by its token."""
    user = person(request)
    if not undoing.take_back(user, request.POST.get("token", "")):
        raise Http404
    return _answer(request, user, Done(actions.undone_text()))


def _place(request: HttpRequest) -> Place:
    return place_at(request.POST.get("place", "") or next_of(request))


def next_of(request: HttpRequest) -> str:
    """Where a plain form leads afterwards."""
    values: QueryDict = request.POST if request.method == "POST" else request.GET
    return local_path(request, values.get("next", ""))


def _refusal(request: HttpRequest, text: str) -> HttpResponse:
    if request.headers.get("X-Part") == "json":
        return JsonResponse({"text": text}, status=422)
    notes.error(request, text)
    return redirect(next_of(request))


def _answer(
    request: HttpRequest, user: User, done: Done, more: dict[str, Any] | None = None
) -> HttpResponse:
    if request.headers.get("X-Part") != "json":
        notes.success(request, done.text, extra_tags=done.undo)
        return redirect(next_of(request))
    found = screen.desk(user)
    return JsonResponse(
        {
            "text": done.text,
            "undo": done.undo,
            "counts": found.counts(),
            "version": str(found.tree.version),
            **(more or {}),
        }
    )
