"""What can be saved from a message: its attachments, all of them at once, the original."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from lib.filenames import safe_filename
from lib.pictures import picture_type
from lib.streaming import stream
from lib.zipping import zipped
from mailstore import mime
from mailstore.models import Message
from mailstore.services import blobs
from webmail import letters
from webmail.access import message_for, person
from webmail.mail_headers import SHOWN, guard_download, guard_piece
from webmail.pieces import read_piece


@require_safe
def attachment(request: HttpRequest, pk: int, index: int) -> HttpResponse:
    """One attachment, to be saved. Its own type is not believed: the browser gets bytes."""
    message = message_for(person(request), pk)
    raw = _raw(message)
    data = _part(raw, index)
    named = {one.index: one.filename for one in mime.parse(raw).attachments}
    answer = HttpResponse(data, content_type="application/octet-stream")
    guard_download(answer, named.get(index, ""))
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
    data = _part(_raw(message), found.index)
    kind = picture_type(data)
    if kind not in SHOWN:
        raise Http404
    answer = HttpResponse(data, content_type=kind)
    guard_piece(answer)
    return answer


@require_safe
def all_attachments(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Every attachment in one zip archive, sent while it is made."""
    message = message_for(person(request), pk)
    raw = _raw(message)

    def files() -> Iterator[tuple[str, bytes]]:
        for name, index in letters.file_contents(message):
            yield name, mime.part_bytes(raw, index)

    answer = stream(request, zipped(files()), "application/zip")
    guard_download(answer, f"{safe_filename(message.subject, 'attachments')}.zip")
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
    answer = stream(request, chain([first], chunks), "message/rfc822")
    answer["Content-Length"] = str(message.blob.size)
    guard_download(answer, f"{safe_filename(message.subject, 'message')}.eml")
    return answer


def _raw(message: Message) -> bytes:
    try:
        return blobs.read(message.blob)
    except blobs.BlobUnreadable as error:
        raise Http404 from error


def _part(raw: bytes, index: int) -> bytes:
    try:
        return mime.part_bytes(raw, index)
    except IndexError as error:
        raise Http404 from error
