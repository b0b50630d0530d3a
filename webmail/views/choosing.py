"""Choosing what to do to messages: a folder, labels, a time. Dialogs that are pages without
scripts; their forms lead to `actions`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from mailstore.models import FolderRole, Label, Message
from mailstore.services import labels, reminding, snoozing
from webmail import coming, later, recent, screen
from webmail.access import person
from webmail.dialogs import dialog
from webmail.views.actions import next_of
from webmail.wishing import ids_of


@require_safe
def move(request: HttpRequest) -> HttpResponse:
    """A folder, those used lately first; or the name of a new one."""
    targets = screen.desk(person(request)).tree.targets
    context = {"targets": targets, "recent": recent.among(request, targets)}
    return dialog(request, "webmail/move.html", {**_chosen(request), **context})


@require_safe
def label(request: HttpRequest) -> HttpResponse:
    """A label to put on or, where all bear it, to take off; or the name of a new one."""
    user, ids = person(request), ids_of(request.GET)
    context = {"choices": _borne(user, ids)}
    return dialog(request, "webmail/label_choose.html", {**_chosen(request), **context})


def _borne(user: User, ids: Sequence[int]) -> list[tuple[Label, str]]:
    """Every label, and whether all of the messages bear it, some or none, as ARIA says it."""
    on = [{one.pk for one in some} for some in labels.of(user, ids).values()]
    found = []
    for one in labels.everyone(user):
        count = sum(one.pk in some for some in on)
        found.append((one, "true" if ids and count == len(ids) else "mixed" if count else "false"))
    return found


@require_safe
def snooze(request: HttpRequest) -> HttpResponse:
    """When messages are to come back."""
    user, ids = person(request), ids_of(request.GET)
    until = min(snoozing.until(user, ids).values(), default=None)
    context = {**_times(coming.snoozes), "until": later.words(until) if until else ""}
    return dialog(request, "webmail/snooze.html", {**_chosen(request), **context})


@require_safe
def remind(request: HttpRequest) -> HttpResponse:
    """When to be reminded, and whether only if nobody answers."""
    user, ids = person(request), ids_of(request.GET)
    sent = Message.objects.filter(user=user, pk__in=ids, folder__role=FolderRole.SENT).count()
    context = {
        **_times(coming.reminders),
        "is_sent": bool(ids) and sent == len(ids),
        "reminder": bool(reminding.at(user, ids)),
    }
    return dialog(request, "webmail/remind.html", {**_chosen(request), **context})


@require_safe
def reminders(request: HttpRequest) -> HttpResponse:
    """All reminders that are still to come."""
    rows = list(reminding.waiting(person(request)))
    found = [
        {"message_id": one.message_id, "message": one.message, "words": later.words(one.at)}
        for one in rows
    ]
    return dialog(request, "webmail/reminders.html", {"reminders": found})


def _chosen(request: HttpRequest) -> dict[str, Any]:
    """The messages that were chosen before, for `_chosen.html`."""
    values = request.GET
    ids = ids_of(values)
    total = values.get("total", "")
    return {
        "ids": ids,
        # An address has no room for thousands of ids; a script knows them, and how many.
        "count": int(total) if total.isdecimal() and len(total) < 10 else len(ids),
        "next": next_of(request),
        "scope": "conversation" if values.get("scope") == "conversation" else "",
        "place_url": values.get("place", ""),
        "everything": values.get("all") == "1",
    }


def _times(offered: Any) -> dict[str, Any]:
    now = timezone.now()
    offers = offered(now)
    tomorrow = coming.day(timezone.localtime(now), 1, coming.MORNING)
    return {
        "offers": offers,
        "first": later.form_value(tomorrow),
        "soonest": later.form_value(now),
    }
