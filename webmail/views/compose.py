"""Writing: opening a window, saving it while it is written, putting it away."""

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
from mailstore.models import Folder, Source
from mailstore.services.blobs import BlobUnreadable
from smtp_accounts import access
from smtp_accounts.models import Draft
from smtp_accounts.services import drafts, identities, replies
from smtp_accounts.services.beside import take_files
from smtp_accounts.services.drafts import (
    ConflictError,
    SenderGoneError,
    SubmittedError,
    TooLargeError,
    TooManyFilesError,
)
from webmail import writing
from webmail.access import message_for, person
from webmail.forms.compose import ComposeForm
from webmail.place import place_of
from webmail.uploads import refusal

UNFIT = (TooLargeError, TooManyFilesError, BlobUnreadable)


@require_safe
def compose(request: HttpRequest) -> HttpResponse:
    """A new window: blank, or with ``reply``, ``reply_all`` or ``forward`` naming a message.

    ``key`` names a draft that this browser was writing and may never have got stored.
    """
    user, asked = person(request), request.GET
    key = _key(asked.get("key", ""))
    if "key" in asked:
        access.key_free_for(user, key)
        stored = Draft.objects.open().filter(user=user, key=key).first()
        if stored is not None:
            return writing.show(request, writing.of_draft(stored))
        if not writing.is_part(request) and Draft.objects.filter(user=user, key=key).exists():
            key = uuid4()  # sent or discarded, and come back to: another message
    try:
        for kind in ("reply", "reply_all", "forward"):
            if kind not in asked:
                continue
            message = message_for(user, number(asked[kind]))
            if kind == "forward":
                start = replies.forward(user, message, whole="whole" in asked)
            else:
                start = replies.reply(user, message, everyone=kind == "reply_all")
            return writing.show(request, writing.of_start(user, key, start))
    except BlobUnreadable:
        messages.error(request, _("This message is damaged and cannot be answered."))
        return redirect("mail")
    start = replies.blank(
        user,
        source_id=_in_view(user, request),
        to=asked.get("to", "")[:2000],
        cc=asked.get("cc", "")[:2000],
        subject=asked.get("subject", ""),
        body=asked.get("body", "")[:100_000],
    )
    return writing.show(request, writing.of_start(user, key, start))


def _in_view(user: User, request: HttpRequest) -> int | None:
    """What the list belongs to that a message is begun in: ``source``, else that of ``in``."""
    place = place_of(request.GET)
    if place.source is not None:
        mine = Source.objects.filter(user=user, pk=place.source)
        return mine.values_list("pk", flat=True).first()
    if place.folder_id is None:
        return None
    folder = Folder.objects.filter(user=user, pk=place.folder_id).first()
    return folder.source_id if folder is not None else None


@require_safe
def draft(request: HttpRequest, key: UUID) -> HttpResponse:
    """A saved draft, to go on writing."""
    return writing.show(request, writing.of_draft(access.draft_for(person(request), key)))


@require_POST
def save(request: HttpRequest, key: UUID) -> HttpResponse:
    """Save a window while it is written; what a script needs to know comes back as JSON."""
    user = person(request)
    access.key_free_for(user, key)
    form = form_of(request, user, key)
    if not form.is_valid():
        return JsonResponse({"errors": errors_of(form)}, status=422)
    try:
        beside = request.POST.get("beside", "")
        stored = store(request, user, key, form, beside=_key(beside) if beside else None)
    except ConflictError as conflict:
        return JsonResponse(other_version(conflict.draft), status=409)
    except SubmittedError:
        return JsonResponse({}, status=410)
    except SenderGoneError:
        return JsonResponse({"errors": sender_gone()}, status=422)
    except UNFIT as error:
        # The words are saved; only the files of the original are not taken along.
        stored = Draft.objects.get(user=user, key=key)
        errors = {"attachments": refusal(error)}
        return JsonResponse({**saved_facts(stored, request), "errors": errors}, status=422)
    return JsonResponse(saved_facts(stored, request))


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


def other_version(stored: Draft) -> dict[str, object]:
    """What another window has stored, for the one that was slower."""
    window = writing.of_draft(stored)
    values = {name: value for name, value in window.values.items() if value not in (None, False)}
    return {
        "version": stored.version,
        "when": moment(stored.changed_at, now=timezone.now()),
        "values": {
            **values,
            "sender": window.sender,
            "mode": "html" if stored.html else "plain",
        },
    }


def form_of(request: HttpRequest, user: User, key: UUID) -> ComposeForm:
    """The posted window."""
    stored = Draft.objects.filter(user=user, key=key).select_related("identity").first()
    known = identities.send_from(user, also=stored.identity if stored else None)
    return ComposeForm(request.POST, user=user, identities=known)


def errors_of(form: ComposeForm) -> dict[str, str]:
    """A sentence by field."""
    return {name: " ".join(map(str, found)) for name, found in form.errors.items()}


def sender_gone() -> dict[str, str]:
    """What is said at From where its identity was deleted since the window was looked at."""
    return {"sender": _("This address was removed meanwhile. Choose another one.")}


def store(
    request: HttpRequest, user: User, key: UUID, form: ComposeForm, *, beside: UUID | None = None
) -> Draft:
    """Save a valid form. Raises what `drafts.save` and `replies.carry_over` raise.

    ``beside`` is the draft that this one is another version of: it takes the files along.
    """
    now = timezone.now()
    stored = drafts.save(
        user=user, key=key, values=form.values(), version=form.version_seen, now=now
    )
    if beside is not None:
        take_files(stored, beside)
    indexes = [number(one) for one in request.POST.getlist("keep")[: drafts.MAX_ATTACHMENTS]]
    whole = bool(request.POST.get("whole"))
    replies.carry_over(draft=stored, indexes=indexes, now=now, whole=whole)
    return stored


def number(text: str) -> int:
    """A number from an address or a form. Raises `Http404` for anything else."""
    if not text.isdecimal() or len(text) > 18:
        raise Http404
    return int(text)


def _files(request: HttpRequest, stored: Draft) -> str:
    context = {"key": stored.key, "files": writing.files_of(stored)}
    return render(request, "webmail/_compose_files.html", context).content.decode()


def _key(text: str) -> UUID:
    """The key of a window: the one named, or a new one. Raises `Http404` for anything else."""
    try:
        return UUID(text) if text else uuid4()
    except ValueError:
        raise Http404 from None
