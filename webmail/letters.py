"""Opening a message: bytes to what the reading pane and its frame show."""

from __future__ import annotations

from django.utils.safestring import mark_safe

from accounts.models import User
from mailstore import html_text, mime, resubject, sanitise
from mailstore.addresses import Address
from mailstore.mime import ParsedMail
from mailstore.models import Message
from mailstore.services import blobs
from mailstore.showing import Shown
from webmail import bodies
from webmail.cards import Opened, came_with
from webmail.letter import Letter, People, suspicion
from webmail.plain_quotes import split_quote

NOBODY = Address("", "")


def open_letter(user: User, message: Message, *, as_text: bool = False) -> Letter:
    """Read and take apart a message. A body that cannot be read gives a letter that says so.

    With ``as_text`` HTML is left out: the plain text beside it is shown, or its words.
    """
    try:
        raw = blobs.read(message.blob)
    except blobs.BlobUnreadable:
        return _damaged(message)
    mail = mime.parse(raw)
    is_html = bool(mail.html) and not as_text
    shown = bodies.body(user, message, mail, remote=False) if is_html else None
    came = came_with(Opened(user, message, raw, mail), shown=_shown_pictures(mail, shown))
    text, quoted = ("", "") if shown else _folded(mail)
    sender = mail.sender[0] if mail.sender else NOBODY
    return Letter(
        sender=sender,
        sender_warning=suspicion(sender, len(mail.sender), mail.reply_to),
        people=People(mail.to, mail.cc),
        reply_to=mail.reply_to,
        text=_safe(text),
        quoted=_safe(quoted),
        body=shown,
        is_reduced=bool(mail.html) and as_text,
        blocked_images=shown.blocked if shown else 0,
        trackers=shown.trackers if shown else 0,
        own_colours=shown is not None and shown.own_colours,
        files=came.files,
        cards=came.cards,
        fields=mail.headers,
        is_cut=bool(mail.defects),
    )


def _folded(mail: ParsedMail) -> tuple[str, str]:
    # Some put an empty text beside the HTML.
    text = mail.text if mail.text.strip() else html_text.words(mail.html)
    return split_quote(text, is_forward=resubject.is_forward(mail.subject))


def _safe(text: str) -> str:
    # text_to_html escapes everything but the links it makes itself.
    return mark_safe(sanitise.text_to_html(text)) if text else ""  # noqa: S308 # escaped above


def _shown_pictures(mail: ParsedMail, shown: Shown | None) -> set[int]:
    """The pictures that the body shows itself, which are no files to its reader."""
    placed = {index for index, address in shown.pictures if not address} if shown else set()
    return {one.index for one in mail.attachments if one.inline and one.index in placed}


def _damaged(message: Message) -> Letter:
    return Letter(
        sender=Address(message.from_name, message.from_address),
        sender_warning="",
        people=People((), ()),
        reply_to=(),
        text="",
        quoted="",
        body=None,
        blocked_images=0,
        files=(),
        is_damaged=True,
    )
