"""The HTML of one message for its sandboxed frame."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from accounts.models import User
from lib.days import long_time
from mailstore import mime, sanitise
from mailstore.addresses import Address
from mailstore.html_tree import Edit
from mailstore.models import Message
from mailstore.services import blobs
from mailstore.services.saved import MAX_QUERY
from mailstore.showing import Shown
from webmail import bodies, marking
from webmail.access import message_for, person
from webmail.frame_page import frame_page
from webmail.pieces import has_consent


@require_safe
@xframe_options_exempt
def frame(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML body of a message. Remote images only with the user's consent.

    With ``print`` it is a page for paper, with subject, sender and date above the text: what is
    in a frame cannot be printed over several pages.
    """
    user = person(request)
    found = message_for(user, pk)
    remote = has_consent(request.GET.get("images", ""), user.pk, pk)
    marks = marking.edits(request.GET.get("q", "")[:MAX_QUERY])
    shown = _shown(user, found, remote=remote, edits=marks)
    return frame_page(
        request,
        user,
        bodies.html(user, found, shown),
        own_colours=shown.own_colours,
        remote_images=remote,
        paper=_paper_head(found) if request.GET.get("print") == "1" else None,
    )


@require_safe
@xframe_options_exempt
def blank(request: HttpRequest) -> HttpResponse:
    """A frame that shows nothing yet, for the first HTML that is opened."""
    return frame_page(request, person(request), "", own_colours=False)


def _shown(user: User, message: Message, *, remote: bool, edits: tuple[Edit, ...]) -> Shown:
    """Its HTML; its plain text where it has none."""
    try:
        mail = mime.parse(blobs.read(message.blob))
    except blobs.BlobUnreadable:
        return Shown(escape(_("The stored copy of this message is damaged.")))
    if not mail.html:
        return Shown(sanitise.text_to_html(mail.text))
    return bodies.body(user, message, mail, remote=remote, edits=edits)


def _paper_head(message: Message) -> dict[str, str]:
    sender = str(Address(message.from_name, message.from_address))
    when = long_time(timezone.localtime(message.sort_at), timezone.localdate())
    return {"subject": message.subject, "sender": sender, "when": when}
