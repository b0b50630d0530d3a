"""What a message's frame shows: its HTML made harmless, its pictures at addresses of today."""

from __future__ import annotations

from django.conf import settings

from accounts.models import User
from mailstore import resubject
from mailstore.html_tree import Edit
from mailstore.mime import ParsedMail
from mailstore.models import Message
from mailstore.showing import Choices, Picture, Shown, Source, shown
from webmail.pieces import Piece, image_url, piece_url


def choices(user: User, *, remote: bool) -> Choices:
    """How this person wants to see HTML mail."""
    return Choices(remote=remote, proxy=settings.IMAGE_PROXY, for_dark=user.dark_mail)


def body(
    user: User, message: Message, mail: ParsedMail, *, remote: bool, edits: tuple[Edit, ...] = ()
) -> Shown:
    """The HTML of a message that has some, changed by ``edits``; see `mailstore.showing`."""

    def source() -> Source:
        parts = {one.content_id: one.index for one in mail.attachments if one.content_id}
        return Source(mail.html, parts, is_forward=resubject.is_forward(mail.subject))

    return shown(bytes(message.blob.sha256), source, choices(user, remote=remote), edits)


def html(user: User, message: Message, found: Shown) -> str:
    """The HTML for the frame, with addresses that work for an hour."""

    def where(picture: Picture) -> str:
        if picture.index >= 0:
            return piece_url(Piece(user.pk, message.pk, picture.index))
        return image_url(user.pk, picture.address)

    return found.filled(where)
