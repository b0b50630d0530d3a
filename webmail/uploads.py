"""Files a browser sends, for drafts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from mailstore.services.blobs import BlobUnreadable
from protocols.body import Body
from smtp_accounts.services.drafts import (
    MAX_ATTACHMENTS,
    TooLargeError,
    TooManyFilesError,
    Upload,
)
from smtp_accounts.services.sizes import DraftsFullError

MAX_FILES = 50


def from_request(request: HttpRequest) -> list[Upload]:
    """The files posted as ``files``, in order. Raises `TooLargeError` before reading any."""
    files = [one for one in request.FILES.getlist("files")[:MAX_FILES] if one.name]
    size = sum(one.size or 0 for one in files)
    if size > settings.MAX_SEND_SIZE:
        raise TooLargeError(size, settings.MAX_SEND_SIZE)
    return [_upload(one) for one in files]


def refusal(error: TooLargeError | TooManyFilesError | BlobUnreadable) -> str:
    """What to say about files that cannot be added."""
    if isinstance(error, BlobUnreadable):
        return _("The original is damaged: its files cannot be added.")
    if isinstance(error, TooManyFilesError):
        return _("A message can have at most %(limit)d files.") % {"limit": MAX_ATTACHMENTS}
    limit = filesizeformat(error.files)
    if isinstance(error, DraftsFullError):
        said = _(
            "The files in your drafts may have at most %(limit)s. Send or discard a draft first."
        )
        return said % {"limit": limit}
    if error.server:
        words = {"server": error.server, "limit": limit}
        return _("%(server)s takes at most %(limit)s of files. This one was not added.") % words
    return _("All files together may have at most %(limit)s. This one was not added.") % {
        "limit": limit
    }


def _upload(file: UploadedFile[Any]) -> Upload:
    return Upload(
        filename=file.name or "",
        content_type=file.content_type or "application/octet-stream",
        body=Body.gather(_chunks(file)),
    )


def _chunks(file: UploadedFile[Any]) -> Iterator[bytes]:
    for chunk in file.chunks():
        yield bytes(chunk)
