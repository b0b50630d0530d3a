"""Files of a draft: looked at again, taken out."""

from __future__ import annotations

from uuid import UUID

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.views.decorators.http import require_POST, require_safe

from mailstore.services import blobs
from smtp_accounts import access
from smtp_accounts.services import drafts
from webmail.access import person
from webmail.mail_headers import guard_download
from webmail.views.compose import saved_facts


@require_POST
def detach(request: HttpRequest, key: UUID, pk: int) -> HttpResponse:
    """Take a file out."""
    draft = access.draft_for(person(request), key)
    drafts.detach(draft=draft, attachment_id=pk)
    return JsonResponse(saved_facts(draft, request))


@require_safe
def attached(request: HttpRequest, key: UUID, pk: int) -> HttpResponseBase:
    """A file of a draft, to be saved. Its own type is not believed: the browser gets bytes."""
    draft = access.draft_for(person(request), key)
    found = draft.attachments.select_related("blob__segment").filter(pk=pk).first()
    if found is None:
        raise Http404
    answer = StreamingHttpResponse(
        blobs.stream(found.blob), content_type="application/octet-stream"
    )
    guard_download(answer, found.filename)
    return answer
