"""Writing: opening a window, saving it while it is written, sending it, taking it back."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from lib.moments import moment
from mailstore.services.blobs import BlobUnreadable
from smtp_accounts import access
from smtp_accounts.models import Draft
from smtp_accounts.nudge import nudge
from smtp_accounts.services import drafts, identities, outbox, replies
from smtp_accounts.services.drafts import (
    ConflictError,
    SubmittedError,
    TooLargeError,
    TooManyFilesError,
)
from smtp_accounts.services.outbox import UnsendableError
from webmail import writing
from webmail.access import message_for, person
from webmail.forms.compose import ComposeForm, seems_to_miss_a_file
from webmail.uploads import from_request, refusal

UNDO_SECONDS = 10
UNFIT = (TooLargeError, TooManyFilesError, BlobUnreadable)


@require_safe
def compose(request: HttpRequest) -> HttpResponse:
    """A new window: blank, or with ``reply``, ``reply_all`` or ``forward`` naming a message."""
    user, asked = person(request), request.GET
    try:
        for kind in ("reply", "reply_all", "forward"):
            if kind not in asked:
                continue
            message = message_for(user, _number(asked[kind]))
            if kind == "forward":
                start = replies.forward(user, message)
            else:
                start = replies.reply(user, message, everyone=kind == "reply_all")
            return writing.show(request, writing.of_start(user, uuid4(), start))
    except BlobUnreadable:
        messages.error(request, _("This message is damaged and cannot be answered."))
        return redirect("mail")
    start = replies.blank(
        user,
        to=asked.get("to", "")[:2000],
        cc=asked.get("cc", "")[:2000],
        subject=asked.get("subject", ""),
        body=asked.get("body", "")[:100_000],
    )
    return writing.show(request, writing.of_start(user, uuid4(), start))


@require_safe
def draft(request: HttpRequest, key: UUID) -> HttpResponse:
    """A saved draft, to go on writing."""
    return writing.show(request, writing.of_draft(access.draft_for(person(request), key)))


@require_POST
def save(request: HttpRequest, key: UUID) -> HttpResponse:
    """Save a window while it is written; what a script needs to know comes back as JSON."""
    user = person(request)
    access.key_free_for(user, key)
    form = _form(request, user, key)
    if not form.is_valid():
        return JsonResponse({"errors": _errors(form)}, status=422)
    try:
        stored = _store(request, user, key, form)
    except ConflictError as conflict:
        return JsonResponse({"version": conflict.draft.version}, status=409)
    except SubmittedError:
        return JsonResponse({}, status=410)
    except UNFIT as error:
        # The words are saved; only the files of the original are not taken along.
        stored = Draft.objects.get(user=user, key=key)
        errors = {"attachments": refusal(error)}
        return JsonResponse({**saved_facts(stored, request), "errors": errors}, status=422)
    return JsonResponse(saved_facts(stored, request))


@require_POST
def send(request: HttpRequest, key: UUID) -> HttpResponse:
    """What the buttons of the window do: send, save, attach and take out files, discard."""
    user = person(request)
    access.key_free_for(user, key)
    form = _form(request, user, key)
    if not form.is_valid():
        window = writing.of_posted(user, key, request.POST.dict(), errors=_errors(form))
        return writing.show(request, window, status=422)
    try:
        stored = _store(request, user, key, form)
        _put_files(request, stored)
    except ConflictError as conflict:
        said = {"conflict": True, "version": conflict.draft.version}
        window = writing.of_posted(user, key, request.POST.dict(), **said)
        return writing.show(request, window, status=409)
    except SubmittedError:
        return _sent(request, Draft.objects.get(user=user, key=key))
    except UNFIT as error:
        stored = Draft.objects.get(user=user, key=key)
        window = writing.of_draft(stored, errors={"attachments": refusal(error)})
        return writing.show(request, window, status=422)
    return _act(request, user, stored)


def _act(request: HttpRequest, user: User, stored: Draft) -> HttpResponse:
    action = request.POST.get("action", "send")
    if action == "send":
        return _send(request, user, stored)
    if action == "discard":
        drafts.discard(draft=stored, now=timezone.now())
        messages.success(request, _("The draft is discarded."))
        return redirect("mail")
    if action.startswith("detach:"):
        drafts.detach(draft=stored, attachment_id=_number(action.removeprefix("detach:")))
    if action == "close":
        return redirect("mail")
    return redirect("compose-draft", key=stored.key)


def _send(request: HttpRequest, user: User, stored: Draft) -> HttpResponse:
    errors = outbox.problems(user, stored)
    question = "" if errors else _forgotten(request, stored)
    if errors or question:
        window = writing.of_draft(stored, errors=errors, question=question)
        return writing.show(request, window, status=422)
    now = timezone.now()
    try:
        outbox.submit(user=user, draft=stored, now=now, undo_seconds=UNDO_SECONDS)
    except UnsendableError as error:
        window = writing.of_draft(stored, errors={error.field: error.sentence})
        return writing.show(request, window, status=422)
    nudge(UNDO_SECONDS)
    return _sent(request, stored)


def _forgotten(request: HttpRequest, stored: Draft) -> str:
    """What may have been forgotten and was not asked about yet."""
    sure = request.POST.getlist("sure")
    if not stored.subject.strip() and "subject" not in sure:
        return "subject"
    if "attachment" not in sure and seems_to_miss_a_file(stored.body):
        return "" if stored.attachments.exists() else "attachment"
    return ""


def _sent(request: HttpRequest, stored: Draft) -> HttpResponse:
    message = stored.outbox.order_by("-id").first()
    if message is None:
        raise Http404
    text = _("The message is on its way as %(address)s.") % {"address": message.from_address}
    if request.headers.get("X-Part") == "window":
        undo = reverse("outbox-action", args=[message.pk, "cancel"])
        return JsonResponse({"text": text, "undo": undo, "seconds": UNDO_SECONDS})
    messages.success(request, text)
    return redirect("outbox")


@require_POST
def discard(request: HttpRequest, key: UUID) -> HttpResponse:
    """Put a draft away; the answer names the way back."""
    user = person(request)
    access.key_free_for(user, key)
    stored = Draft.objects.filter(user=user, key=key).first()
    if stored is not None:
        drafts.discard(draft=stored, now=timezone.now())
    undo = reverse("draft-restore", args=[key]) if stored else ""
    return JsonResponse({"text": _("The draft is discarded."), "undo": undo})


@require_POST
def restore(request: HttpRequest, key: UUID) -> HttpResponse:
    """Bring a discarded draft back."""
    stored = access.draft_for(person(request), key)
    drafts.restore(draft=stored)
    return JsonResponse({"open": reverse("compose-draft", args=[key])})


def saved_facts(stored: Draft, request: HttpRequest) -> dict[str, object]:
    """What a window learns from a save."""
    when = moment(stored.changed_at, now=timezone.now())
    return {
        "version": stored.version,
        "text": _("Saved %(when)s") % {"when": when},
        "url": reverse("compose-draft", args=[stored.key]),
        "files": _files(request, stored),
    }


def _files(request: HttpRequest, stored: Draft) -> str:
    context = {"key": stored.key, "files": writing.files_of(stored)}
    return render(request, "webmail/_compose_files.html", context).content.decode()


def _form(request: HttpRequest, user: User, key: UUID) -> ComposeForm:
    stored = Draft.objects.filter(user=user, key=key).select_related("identity").first()
    known = identities.send_from(user, also=stored.identity if stored else None)
    return ComposeForm(request.POST, user=user, identities=known)


def _errors(form: ComposeForm) -> dict[str, str]:
    return {name: " ".join(map(str, found)) for name, found in form.errors.items()}


def _store(request: HttpRequest, user: User, key: UUID, form: ComposeForm) -> Draft:
    now = timezone.now()
    stored = drafts.save(
        user=user, key=key, values=form.values(), version=form.version_seen, now=now
    )
    indexes = [_number(one) for one in request.POST.getlist("keep")[: drafts.MAX_ATTACHMENTS]]
    replies.carry_over(draft=stored, indexes=indexes, now=now)
    return stored


def _put_files(request: HttpRequest, stored: Draft) -> None:
    uploads = from_request(request)
    if uploads:
        drafts.attach(draft=stored, uploads=uploads, now=timezone.now())


def _number(text: str) -> int:
    """A number from an address or a form. Raises `Http404` for anything else."""
    if not text.isdecimal() or len(text) > 18:
        raise Http404
    return int(text)
