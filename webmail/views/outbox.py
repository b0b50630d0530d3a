"""The outbox: what waits, what was refused and why, and what its sender may do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from smtp_accounts import access
from smtp_accounts.models import Draft, OutboxMessage, OutboxState
from smtp_accounts.nudge import nudge
from smtp_accounts.services import waiting as service
from webmail import later, outgoing, screen
from webmail.access import person
from webmail.place import Place


@dataclass(frozen=True, slots=True)
class Wrong:
    """A time that cannot be, as it was typed, and what is said at its field."""

    pk: int
    at: str
    text: str


@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """Everything that is not through, newest first."""
    return _page(request)


def _page(request: HttpRequest, wrong: Wrong | None = None) -> HttpResponse:
    user = person(request)
    now = timezone.now()
    rows = outgoing.rows(user, now=now)
    context = {
        "rows": [row for row in rows if not row.at],
        "scheduled": sorted((row for row in rows if row.at), key=lambda row: row.at),
        "earliest": later.form_value(now),
        "moving": any(row.look in ("going", "waiting") for row in rows),
        "wrong": wrong,
    }
    if request.headers.get("HX-Request"):
        return render(request, "webmail/_outbox_rows.html", context)
    context |= screen.tree_context(screen.desk(user), Place(where="outbox"))
    return render(request, "webmail/outbox.html", context, status=422 if wrong else 200)


@require_POST
def act(request: HttpRequest, pk: int, do: str) -> HttpResponse:
    """Do one thing to one message. Doing what is no longer possible changes nothing."""
    message = access.outbox_for(person(request), pk)
    if do in (outgoing.CANCEL, outgoing.EDIT):
        return _back_to_draft(request, message, do)
    if do == outgoing.RESCHEDULE:
        return _reschedule(request, message)
    work = WORK.get(do)
    if work is None:
        raise Http404
    return _answer(request, work[1](message) if work[0](message) else "")


def _answer(request: HttpRequest, done: str) -> HttpResponse:
    """Say what was done, nothing where it was too late; the worker looks at the outbox at once."""
    is_script = request.headers.get("X-Part") is not None
    if not done:
        text = _("That is no longer possible: the message has moved on.")
        if is_script:
            return JsonResponse({"text": text}, status=409)
        messages.error(request, text)
        return redirect("outbox")
    nudge()
    if is_script:
        return JsonResponse({"text": done})
    messages.success(request, done)
    return redirect("outbox")


def _reschedule(request: HttpRequest, message: OutboxMessage) -> HttpResponse:
    """Send a scheduled message at the time of the form, which has to be one to come."""
    at = later.parse(request.POST.get("at", ""))
    if at is None or later.is_over(at, timezone.now()):
        text = _("Choose a time that is still to come.")
        return _page(request, Wrong(message.pk, request.POST.get("at", ""), text))
    moved = service.reschedule(message=message, at=at)
    done = _("It goes out %(when)s.") % {"when": later.words(at)}
    return _answer(request, done if moved else "")


def _back_to_draft(request: HttpRequest, message: OutboxMessage, do: str) -> HttpResponse:
    """Take the message back; its draft opens, or with Cancel it waits in Drafts."""
    draft = _reopened(message)
    is_script = request.headers.get("X-Part") is not None
    if draft is None and _is_cancelled(message):
        # Nobody wrote a receipt, so there is nothing to go back to.
        return _answer(request, _("The receipt is not sent."))
    if draft is None:
        text = _("Too late: the message is already being sent.")
        if is_script:
            return JsonResponse({"text": text}, status=409)
        messages.error(request, text)
        return redirect("outbox")
    address = reverse("compose-draft", args=[draft.key])
    if do == outgoing.EDIT:
        return JsonResponse({"open": address}) if is_script else redirect(address)
    text = _("The message is back in Drafts.")
    if is_script:
        return JsonResponse({"open": address, "text": text})
    messages.success(request, text)
    return redirect("outbox")


def _is_cancelled(message: OutboxMessage) -> bool:
    message.refresh_from_db(fields=["state"])
    return message.is_automatic and message.state == OutboxState.CANCELLED


def _reopened(message: OutboxMessage) -> Draft | None:
    now = timezone.now()
    return service.cancel(message=message, now=now) or service.edit_again(message=message, now=now)


def _at_once(message: OutboxMessage) -> bool:
    now = timezone.now()
    return service.send_now(message=message, now=now) or service.send_again(
        message=message, now=now
    )


def _arrived_words(message: OutboxMessage) -> str:
    message.refresh_from_db(fields=["sent_copy"])
    if message.sent_copy_id is None:
        return _("Noted as sent. The stored message is damaged, so no copy is in Sent.")
    return _("Noted as sent. A copy is in Sent.")


WORK: dict[str, tuple[Callable[[OutboxMessage], bool], Callable[[OutboxMessage], str]]] = {
    outgoing.AGAIN: (
        lambda message: service.send_again(message=message, now=timezone.now()),
        lambda message: _("The message is sent again."),
    ),
    outgoing.NOW: (_at_once, lambda message: _("The message is sent now.")),
    outgoing.ARRIVED: (
        lambda message: service.it_arrived(message=message, now=timezone.now()),
        _arrived_words,
    ),
    outgoing.DISMISS: (
        lambda message: service.dismiss(message=message, now=timezone.now()),
        lambda message: _("The message is put away."),
    ),
}
