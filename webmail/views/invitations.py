"""Answering an invitation, and taking the answer back."""

from __future__ import annotations

from typing import Final

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mailstore import invitation
from mailstore.invitation import Invitation
from smtp_accounts.nudge import nudge
from smtp_accounts.services import answering
from smtp_accounts.services.making import UnsendableError
from webmail import invitation_card
from webmail.parts import Opened, part_for

ANSWERS: Final = {"accept": "ACCEPTED", "tentative": "TENTATIVE", "decline": "DECLINED"}


@require_POST
def answer(request: HttpRequest, pk: int, index: str) -> HttpResponse:
    """Answer (``do``: accept, tentative, decline; ``comment``), or undo the last answer."""
    opened = part_for(request, pk, index)
    event = invitation.read(opened.found.data)
    do = request.POST.get("do", "")
    if event is None or do not in {*ANSWERS, "undo"} or len(opened.found.path) > 1:
        raise Http404
    text, status = _undone(opened, event) if do == "undo" else _sent(request, opened, event, do)
    if request.headers.get("X-Part") != "card":
        (notes.success if status == 200 else notes.error)(request, text)
        return redirect("mail-message", pk=pk)
    now = timezone.now()
    about = invitation_card.card(opened.user, opened.message, event, opened.found.path, now=now)
    context = {"card": {"about": about}, "message": opened.message, "said": text}
    drawn = render(request, "webmail/_card_invitation.html", context, status=status)
    drawn["Cache-Control"] = "no-store"
    return drawn


def _sent(request: HttpRequest, opened: Opened, event: Invitation, do: str) -> tuple[str, int]:
    now = timezone.now()
    user, message = opened.user, opened.message
    shown = invitation_card.card(user, message, event, opened.found.path, now=now)
    if not shown.can_answer:
        return _("This invitation cannot be answered any more."), 409
    comment = request.POST.get("comment", "").strip()[: answering.MAX_COMMENT]
    if shown.answer == ANSWERS[do] and not comment:
        return _("You have answered so already."), 200
    try:
        row = answering.answer(user, message, event, ANSWERS[do], comment=comment, now=now)
    except UnsendableError as error:
        return error.sentence, 422
    nudge(user.undo_send)
    to = row.recipients.get().address
    return _("Your answer goes to %(address)s.") % {"address": to}, 200


def _undone(opened: Opened, event: Invitation) -> tuple[str, int]:
    now = timezone.now()
    if answering.take_back(opened.user, opened.message, event, now=now):
        return _("The answer is not sent."), 200
    return _("Too late: the answer is already being sent."), 409
