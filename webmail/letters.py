"""Opening a message: bytes to what the reading pane and its frame show."""

from __future__ import annotations

from django.utils.safestring import mark_safe

from accounts.models import User
from mailstore import mime, resubject, sanitise
from mailstore.addresses import Address
from mailstore.mime import ParsedMail
from mailstore.models import Message
from mailstore.services import blobs
from webmail import bodies
from webmail.cards import Opened, came_with
from webmail.letter import Letter, People, suspicion
from webmail.plain_quotes import split_quote

NOBODY = Address("", "")


def open_letter(user: User, message: Message) -> Letter:
    """Read and take apart a message. A body that cannot be read gives a letter that says so."""
    try:
        raw = blobs.read(message.blob)
    except blobs.BlobUnreadable:
        return _damaged(message)
    mail = mime.parse(raw)
    came = came_with(Opened(user, message, raw, mail), shown=_shown_pictures(mail))
    shown = bodies.body(user, message, mail, remote=False) if mail.html else None
    text, quoted = ("", "") if shown else _folded(mail)
    sender = mail.sender[0] if mail.sender else NOBODY
    return Letter(
        sender=sender,
        sender_warning=suspicion(sender, len(mail.sender), mail.reply_to),
        people=People(mail.to, mail.cc),
        reply_to=mail.reply_to,
        text=_safe(text),
        quoted=_safe(quoted),
        has_html=shown is not None,
        blocked_images=shown.blocked if shown else 0,
        trackers=shown.trackers if shown else 0,
        own_colours=shown is not None and shown.own_colours,
        files=came.files,
        cards=came.cards,
        fields=mail.headers,
        is_cut=bool(mail.defects),
    )


def _folded(mail: ParsedMail) -> tuple[str, str]:
    return split_quote(mail.text, is_forward=resubject.is_forward(mail.subject))


def _safe(text: str) -> str:
    # text_to_html escapes everything but the links it makes itself.
    return mark_safe(sanitise.text_to_html(text)) if text else ""  # noqa: S308 # escaped above


def _shown_pictures(mail: ParsedMail) -> set[int]:
    """The pictures that the body shows itself, which are no files to its reader."""
    pictures = [one for one in mail.attachments if one.inline]
    return {one.index for one in pictures if f"cid:{one.content_id}" in mail.html}


def _damaged(message: Message) -> Letter:
    return Letter(
        sender=Address(message.from_name, message.from_address),
        sender_warning="",
        people=People((), ()),
        reply_to=(),
        text="",
        quoted="",
        has_html=False,
        blocked_images=0,
        files=(),
        is_damaged=True,
    )
