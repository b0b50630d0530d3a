"""A message that lies in a message, on a page of its own; nothing of it comes from elsewhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from mailstore import mime, nested, sanitise, showing
from mailstore.mime import ParsedMail
from mailstore.showing import Choices, Picture, Shown, Source
from webmail import cards
from webmail.frame_page import frame_page
from webmail.parts import Opened, message_in, part_for
from webmail.pieces import Piece, piece_url


@require_safe
def message(request: HttpRequest, pk: int, index: str) -> HttpResponse:
    """The message: who wrote to whom, its words, its files."""
    opened = part_for(request, pk, index)
    raw = message_in(opened)
    mail = mime.parse(raw)
    shown = _shown(opened, mail) if mail.html else None
    pictures = {one for one, address in shown.pictures if not address} if shown else set()
    letter = cards.Opened(opened.user, opened.message, raw, mail, opened.found.path)
    above = opened.found.path[:-1]
    context = {
        "message": opened.message,
        "mail": mail,
        "path": opened.path,
        "above": nested.write_path(above) if above else "",
        "has_html": shown is not None,
        "blocked": shown.blocked if shown else 0,
        # text_to_html escapes everything but the links it makes itself.
        "text": "" if shown else mark_safe(sanitise.text_to_html(mail.text)),  # noqa: S308 # escaped
        "letter": cards.came_with(letter, shown=pictures),
    }
    answer = render(request, "webmail/attached_message.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
@xframe_options_exempt
def frame(request: HttpRequest, pk: int, index: str) -> HttpResponse:
    """Its HTML for the sandboxed frame."""
    opened = part_for(request, pk, index)
    shown = _shown(opened, mime.parse(message_in(opened)))

    def where(picture: Picture) -> str:
        path = nested.write_path((*opened.found.path, picture.index))
        return piece_url(Piece(opened.user.pk, opened.message.pk, path))

    return frame_page(request, opened.user, shown.filled(where), own_colours=shown.own_colours)


def _shown(opened: Opened, mail: ParsedMail) -> Shown:
    parts = {one.content_id: one.index for one in mail.attachments if one.content_id}
    choices = Choices(remote=False, for_dark=opened.user.dark_mail)
    return showing.make(Source(mail.html, parts), choices)
