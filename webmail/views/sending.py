"""What the buttons of a window do: send, send later, save, attach and take out files, discard."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from smtp_accounts import access
from smtp_accounts.models import Draft, DraftKind, OutboxMessage
from smtp_accounts.nudge import nudge
from smtp_accounts.services import drafts, guarding, outbox
from smtp_accounts.services.drafts import ConflictError, SenderGoneError, SubmittedError
from smtp_accounts.services.outbox import UnsendableError
from webmail import actions, later, writing
from webmail.access import person
from webmail.asked import NothingThere
from webmail.forgotten import speaks_of_a_file
from webmail.forms.compose import ComposeForm
from webmail.uploads import from_request, refusal
from webmail.views.compose import (
    UNFIT,
    errors_of,
    form_of,
    number,
    other_version,
    saved_facts,
    sender_gone,
    store,
)
from webmail.writing import Window

SENDING = ("send", "send-archive")


@require_POST
def send(request: HttpRequest, key: UUID) -> HttpResponse:
    """Save what was posted, then do what the pressed button says."""
    user = person(request)
    access.key_free_for(user, key)
    form = form_of(request, user, key)
    if not form.is_valid():
        window = writing.of_posted(user, key, request.POST.dict(), errors=errors_of(form))
        return _unsent(request, window)
    beside = None
    if request.POST.get("action") == "both":
        key, beside = uuid4(), key
        form.cleaned_data["version"] = 0
    try:
        stored = store(request, user, key, form, beside=beside)
        uploads = from_request(request)
        if uploads:
            drafts.attach(draft=stored, uploads=uploads, now=timezone.now())
    except ConflictError as conflict:
        return _conflict(request, user, conflict.draft)
    except SubmittedError as late:
        return _already(request, user, key, late.message)
    except SenderGoneError:
        window = writing.of_posted(user, key, request.POST.dict(), errors=sender_gone())
        return _unsent(request, window)
    except UNFIT as error:
        stored = Draft.objects.get(user=user, key=key)
        window = writing.of_draft(stored, errors={"attachments": refusal(error)})
        return _unsent(request, window, stored)
    return _act(request, user, stored, form)


def _act(request: HttpRequest, user: User, stored: Draft, form: ComposeForm) -> HttpResponse:
    action = request.POST.get("action") or request.POST.get("go_on") or "send"
    if request.POST.get("later") == "none":
        action = "save"
    if action in SENDING:
        return _send(request, user, stored, action)
    if action == "discard":
        drafts.discard(draft=stored, now=timezone.now())
        messages.success(request, _("The draft is discarded."))
        return redirect("mail")
    if action.startswith("detach:"):
        drafts.detach(draft=stored, attachment_id=number(action.removeprefix("detach:")))
    if action == "close":
        return redirect("mail")
    return redirect("compose-draft", key=stored.key)


def _send(request: HttpRequest, user: User, stored: Draft, action: str) -> HttpResponse:
    now = timezone.now()
    errors = outbox.problems(user, stored)
    if later.is_over(stored.send_at, now):
        errors["send_at"] = _("This time is over. Choose another one, or send at once.")
    sure = request.POST.getlist("sure")
    question, warning = ("", None) if errors else _forgotten(stored, sure)
    if not errors and not question:
        try:
            message = outbox.submit(user=user, draft=stored, now=now, undo_seconds=user.undo_send)
        except ConflictError as conflict:
            return _conflict(request, user, conflict.draft)
        except UnsendableError as error:
            errors = {error.field: error.sentence}
    if errors or question:
        said = {"errors": errors, "question": question, "warning": warning}
        window = writing.of_draft(stored, sure=sure, action=action, **said)
        return _unsent(request, window, stored)
    if stored.send_at is None:
        nudge(user.undo_send)
    return _sent(request, user, message, archive=action == "send-archive")


def _forgotten(stored: Draft, sure: list[str]) -> tuple[str, guarding.Warning | None]:
    """What may have been forgotten and was not asked about yet, and what is said about it."""
    if "identity" not in sure:
        to = outbox.read_envelope(stored).everyone
        original = None if stored.kind == DraftKind.FORWARD else stored.original
        found = guarding.warning(stored.user, stored.identity, original=original, to=to)
        if found is not None:
            return "identity", found
    if not stored.subject.strip() and "subject" not in sure:
        return "subject", None
    if "upload" not in sure and stored.uploads.exists():
        # Its window is closed, or it would have waited.
        return "upload", None
    if "attachment" not in sure and speaks_of_a_file(stored.body):
        has_file = stored.attachments.filter(content_id="").exists()
        return "" if has_file else "attachment", None
    return "", None


def _unsent(request: HttpRequest, window: Window, stored: Draft | None = None) -> HttpResponse:
    """The window with what has to be mended; for a script only what is new in it."""
    if request.headers.get("X-Part") != "window":
        return writing.show(request, window, status=422)
    facts = saved_facts(stored, request) if stored is not None else {}
    note = writing.notes(request, window)
    return JsonResponse({**facts, "errors": dict(window.errors), "note": note}, status=422)


def _conflict(request: HttpRequest, user: User, other: Draft) -> HttpResponse:
    if request.headers.get("X-Part") == "window":
        return JsonResponse(other_version(other), status=409)
    said = {"conflict": True, "version": other.version}
    window = writing.of_posted(user, other.key, request.POST.dict(), **said)
    return writing.show(request, window, status=409)


def _already(
    request: HttpRequest, user: User, key: UUID, message: OutboxMessage | None
) -> HttpResponse:
    """A request that came twice is answered as the first; other words stay in their window."""
    if message is not None:
        return _sent(request, user, message)
    if request.headers.get("X-Part") == "window":
        return JsonResponse({}, status=410)
    window = writing.of_posted(user, key, request.POST.dict(), was_sent=True)
    return writing.show(request, window, status=410)


def _sent(
    request: HttpRequest, user: User, message: OutboxMessage, *, archive: bool = False
) -> HttpResponse:
    archived = _archived(user, message) if archive else ""
    if request.headers.get("X-Part") != "window":
        messages.success(request, _words(message))
        return redirect("outbox")
    undo = reverse("outbox-action", args=[message.pk, "cancel"])
    can_undo = user.undo_send or message.is_scheduled
    return JsonResponse(
        {
            "text": _words(message),
            "undo": undo if can_undo else "",
            "seconds": 0 if message.is_scheduled else user.undo_send,
            "archived": archived,
        }
    )


def _words(message: OutboxMessage) -> str:
    if message.is_scheduled:
        said = {"when": later.words(message.not_before), "address": message.from_address}
        return _("The message goes out %(when)s as %(address)s.") % said
    return _("The message is on its way as %(address)s.") % {"address": message.from_address}


def _archived(user: User, message: OutboxMessage) -> str:
    """Put the message answered into Archive; the token that takes it back."""
    if message.original_id is None or message.kind == DraftKind.NEW:
        return ""
    try:
        return actions.act(user, "archive", [message.original_id]).undo
    except NothingThere:
        return ""
