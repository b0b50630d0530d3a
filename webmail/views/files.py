"""What can be saved from a message: its attachments, all of them at once, the original."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.pacing import MINUTE, paced
from lib import risky
from lib.filenames import safe_filename
from lib.picture_size import is_too_large
from lib.pictures import picture_type
from lib.zipping import zipped
from mailstore import mime, nested
from mailstore.models import Message
from mailstore.services import blobs, winmail
from webmail import previews
from webmail.access import message_for, person
from webmail.cards import Opened, came_with
from webmail.dialogs import dialog
from webmail.files import File
from webmail.mail_headers import SHOWN, guard_download, guard_piece
from webmail.parts import find, part_for, raw_of
from webmail.pieces import read_piece


@require_safe
def attachment(request: HttpRequest, pk: int, index: str) -> HttpResponse:
    """One attachment, to be saved. Its own type is not believed: the browser gets bytes. Of what
    is dangerous by its name or its bytes there is a warning first; ``sure`` is said there."""
    opened = part_for(request, pk, index)
    if "sure" not in request.GET and previews.danger(opened):
        return redirect("mail-attachment-preview", pk, index)
    answer = HttpResponse(opened.found.data, content_type="application/octet-stream")
    guard_download(answer, opened.name)
    return answer


@require_safe
@login_not_required
def piece(request: HttpRequest, token: str) -> HttpResponse:
    """A picture inside a message's frame. The signed address is the permission; what is not a
    picture by its bytes is not shown."""
    found = read_piece(token)
    message = (
        found
        and Message.objects.select_related("blob__segment")
        .filter(pk=found.message_id, user_id=found.user_id, user__is_active=True)
        .first()
    )
    if not found or not message:
        raise Http404
    data = find(message, str(found.index)).data
    kind = picture_type(data)
    if kind not in SHOWN or is_too_large(data):
        raise Http404
    answer = HttpResponse(data, content_type=kind)
    guard_piece(answer)
    return answer


@paced("attachments", limit=120, seconds=10 * MINUTE)
@require_safe
def all_attachments(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Every attachment in one zip archive, sent while it is made. Where one of them is dangerous
    that is told first; ``sure`` is then "all", or "safe" for the others alone."""
    user = person(request)
    message = message_for(user, pk)
    raw = raw_of(message)
    listed = list(came_with(Opened(user, message, raw, mime.parse(raw))).files)
    sure = request.GET.get("sure", "")
    if sure != "all" and (marked := _marked(raw, listed)):
        listed = [one for one in listed if one not in marked]
        if sure != "safe" or not listed:
            return _asked(request, message, marked, listed)
    found = nested.each(raw, [one.path for one in listed], winmail.unpack)
    files = ((file.name, one.data) for file, one in zip(listed, found, strict=True))
    answer = StreamingHttpResponse(zipped(files), content_type="application/zip")
    guard_download(answer, f"{safe_filename(message.subject, 'attachments')}.zip")
    return answer


def _marked(raw: bytes, listed: Sequence[File]) -> list[File]:
    """The files that are dangerous by their names, their bytes, or a virus in the message."""
    found = nested.each(raw, [one.path for one in listed], winmail.unpack)
    pairs = zip(listed, found, strict=True)
    return [file for file, one in pairs if file.risk or risky.risk_inside(one.data)]


def _asked(
    request: HttpRequest, message: Message, marked: Sequence[File], others: Sequence[File]
) -> HttpResponse:
    context = {"message": message, "marked": marked, "others": others}
    answer = dialog(request, "webmail/save_all.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def original(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The message exactly as it was received."""
    message = message_for(person(request), pk)
    chunks = blobs.stream(message.blob)
    try:
        # A body that is not there at all is found out before the answer begins.
        first = next(chunks, b"")
    except blobs.BlobUnreadable as error:
        raise Http404 from error
    answer = StreamingHttpResponse(chain([first], chunks), content_type="message/rfc822")
    answer["Content-Length"] = str(message.blob.size)
    guard_download(answer, f"{safe_filename(message.subject, 'message')}.eml")
    return answer
