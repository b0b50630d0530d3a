"""Files of a draft sent up in pieces, so that a lost line costs a piece and not the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lib.pictures import picture_type
from mailstore.services import blobs
from smtp_accounts import access
from smtp_accounts.models import Draft, DraftAttachment, DraftUpload
from smtp_accounts.services import uploads
from smtp_accounts.services.drafts import SubmittedError, TooManyFilesError
from smtp_accounts.services.sizes import TooLargeError
from smtp_accounts.services.uploads import BusyError, GoneError, OffsetError, TooLongError
from webmail.access import person
from webmail.mail_headers import guard_download
from webmail.uploads import refusal
from webmail.views.compose import saved_facts

BLOCK: Final = 64 * 1024
#: The longest piece taken at once, in bytes; browsers send 1 MiB.
MAX_PIECE: Final = 8 * 1024 * 1024
#: What the first bytes of a file tell its format by.
SIGN: Final = 16


@require_POST
def begin(request: HttpRequest, key: UUID) -> HttpResponse:
    """Announce a file of a draft that has been saved before; the answer says where it goes."""
    draft = access.draft_for(person(request), key)
    sent = request.POST
    size = sent.get("size", "")
    if not size.isdecimal() or len(size) > 15:
        return JsonResponse({"error": _("This file cannot be read.")}, status=422)
    try:
        upload = uploads.begin(
            draft=draft,
            filename=sent.get("filename", ""),
            content_type=sent.get("content_type", ""),
            size=int(size),
            is_inline=bool(sent.get("inline")),
            now=timezone.now(),
        )
    except (TooLargeError, TooManyFilesError) as error:
        return JsonResponse({"error": refusal(error)}, status=422)
    address = reverse("draft-piece", args=[key, upload.key])
    return JsonResponse({"url": address, "received": upload.received})


@require_http_methods(["GET", "POST", "DELETE"])
def piece(request: HttpRequest, key: UUID, upload: UUID) -> HttpResponse:
    """GET: how much is there. POST: the bytes from ``Upload-Offset`` on. DELETE: give it up."""
    draft = access.draft_for(person(request), key)
    row = DraftUpload.objects.filter(draft=draft, key=upload).first()
    if row is None:
        raise Http404
    if request.method == "GET":
        return JsonResponse({"received": uploads.received(row)})
    if request.method == "DELETE":
        uploads.cancel(row)
        return JsonResponse({})
    offset = request.headers.get("Upload-Offset", "")
    length = request.headers.get("Content-Length", "")
    if not offset.isdecimal() or len(offset) > 15 or not length.isdecimal():
        return JsonResponse({"received": uploads.received(row)}, status=409)
    if int(length) > MAX_PIECE:
        return JsonResponse({"error": _("This file cannot be read.")}, status=413)
    return _append(request, draft, row, int(offset))


def _append(request: HttpRequest, draft: Draft, row: DraftUpload, offset: int) -> HttpResponse:
    now = timezone.now()
    try:
        stored = uploads.append(upload=row, offset=offset, chunks=_blocks(request), now=now)
    except OffsetError as error:
        return JsonResponse({"received": error.received}, status=409)
    except BusyError:
        # A cut connection that this server has not noticed yet; the browser asks again.
        return JsonResponse({}, status=503)
    except GoneError:
        raise Http404 from None
    except SubmittedError:
        return JsonResponse({}, status=410)
    except TooLongError:
        return JsonResponse({"error": _("It was changed while it was sent.")}, status=422)
    if stored is None:
        row.refresh_from_db()
        return JsonResponse({"received": row.received})
    draft.refresh_from_db()
    return JsonResponse({**saved_facts(draft, request), **_done(draft, stored)})


def _done(draft: Draft, stored: DraftAttachment) -> dict[str, object]:
    facts: dict[str, object] = {"done": True, "attachment": stored.pk}
    if stored.content_id:
        address = reverse("draft-inline", args=[draft.key, stored.pk])
        facts["inline"] = {"url": address, "cid": stored.content_id}
    return facts


@require_safe
def inline(request: HttpRequest, key: UUID, pk: int) -> HttpResponseBase:
    """A picture that stands in the text of a draft; anything that is no picture is not shown."""
    draft = access.draft_for(person(request), key)
    found = draft.attachments.select_related("blob__segment").filter(pk=pk).first()
    if found is None or not found.content_id:
        raise Http404
    body = blobs.body(found.blob)
    kind = picture_type(body.read()[:SIGN])
    if not kind:
        raise Http404
    answer = StreamingHttpResponse(blobs.stream(found.blob), content_type=kind)
    guard_download(answer, found.filename)
    # Inside the page, not saved: the type is one of four that hold no script.
    answer["Content-Disposition"] = "inline"
    answer["Cache-Control"] = "private, max-age=86400"
    return answer


def _blocks(request: HttpRequest) -> Iterator[bytes]:
    while block := request.read(BLOCK):
        yield block
