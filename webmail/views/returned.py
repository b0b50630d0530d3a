"""Acting on what came back: sending again to those a message missed, answering for a receipt."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mailstore.services.blobs import BlobUnreadable
from smtp_accounts.nudge import nudge
from smtp_accounts.services import drafts, receipts, reports, resending
from webmail.access import message_for, person

SEND, IGNORE = "send", "ignore"


@require_POST
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a message again, addressed to those of its recipients it could not be delivered to."""
    found = message_for(person(request), pk)
    delivery = reports.status_of(found)
    if delivery is None:
        raise Http404
    try:
        draft = resending.draft_for(
            message=delivery.outbox, recipients=delivery.failed, now=timezone.now()
        )
    except (BlobUnreadable, drafts.TooLargeError, drafts.TooManyFilesError):
        draft = None
    if draft is None:
        text = _("This message cannot be opened again. Write a new one.")
        if request.headers.get("X-Part"):
            return JsonResponse({"text": text}, status=409)
        messages.error(request, text)
        return redirect("mail-message", pk=pk)
    reports.seen(delivery.outbox)
    address = reverse("compose-draft", args=[draft.key])
    return JsonResponse({"open": address}) if request.headers.get("X-Part") else redirect(address)


@require_POST
def receipt(request: HttpRequest, pk: int, do: str) -> HttpResponse:
    """Send the receipt a message asks for, or do not; it is not asked for again."""
    user = person(request)
    found = message_for(user, pk)
    if do == IGNORE:
        receipts.decline(user, found)
        messages.success(request, _("No receipt is sent."))
    elif do == SEND:
        _send(request, pk)
    else:
        raise Http404
    return redirect("mail-message", pk=pk)


def _send(request: HttpRequest, pk: int) -> None:
    user = person(request)
    try:
        sent = receipts.answer(user, message_for(user, pk), now=timezone.now())
    except BlobUnreadable:
        sent = None
    if sent is None:
        messages.error(request, _("There is no receipt to send any more."))
        return
    nudge()
    words = _("The receipt goes to %(address)s.") % {"address": sent.recipients.get().address}
    messages.success(request, words)
