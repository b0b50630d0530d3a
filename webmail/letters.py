"""Opening a message: bytes to what the reading pane and its frame show."""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from accounts.models import User
from lib.filenames import safe_filename
from mailstore import mime, sanitise
from mailstore.addresses import Address
from mailstore.mime import ParsedMail
from mailstore.models import Message
from mailstore.sanitise import CleanHtml
from mailstore.services import blobs
from webmail.letter import File, Letter, People, file_of, split_quote, suspicion
from webmail.pieces import Piece, piece_url

NOBODY = Address("", "")


def open_letter(user: User, message: Message) -> Letter:
    """Read and take apart a message. A body that cannot be read gives a letter that says so."""
    try:
        mail = mime.parse(blobs.read(message.blob))
    except blobs.BlobUnreadable:
        return _damaged(message)
    clean = _clean(user, message, mail, remote_images=False) if mail.html else None
    text, quoted = ("", "") if clean else split_quote(mail.text)
    sender = mail.sender[0] if mail.sender else NOBODY
    return Letter(
        sender=sender,
        sender_warning=suspicion(sender, len(mail.sender), mail.reply_to),
        people=People(mail.to, mail.cc),
        reply_to=mail.reply_to,
        text=_safe(text),
        quoted=_safe(quoted),
        has_html=clean is not None,
        blocked_images=clean.blocked_remote if clean else 0,
        files=_files(message, mail, clean),
        fields=mail.headers,
        is_cut=bool(mail.defects),
    )


def _safe(text: str) -> str:
    # text_to_html escapes everything but the links it makes itself.
    return mark_safe(sanitise.text_to_html(text)) if text else ""  # noqa: S308 # escaped above


def html_body(user: User, message: Message, *, remote_images: bool) -> CleanHtml:
    """The sanitised HTML of a message for its frame; its plain text where it has no HTML."""
    try:
        mail = mime.parse(blobs.read(message.blob))
    except blobs.BlobUnreadable:
        return CleanHtml(escape(_("The stored copy of this message is damaged.")), 0)
    if not mail.html:
        return CleanHtml(sanitise.text_to_html(mail.text), 0)
    return _clean(user, message, mail, remote_images=remote_images)


def file_contents(message: Message) -> list[tuple[str, int]]:
    """Names and part numbers of the attachments, for saving them all."""
    mail = mime.parse(blobs.read(message.blob))
    return [(safe_filename(one.filename), one.index) for one in mail.attachments]


def _clean(user: User, message: Message, mail: ParsedMail, *, remote_images: bool) -> CleanHtml:
    pictures = {one.content_id: one.index for one in mail.attachments if one.content_id}

    def resolve(content_id: str) -> str | None:
        index = pictures.get(content_id)
        return None if index is None else piece_url(Piece(user.pk, message.pk, index))

    return sanitise.clean(mail.html, resolve=resolve, allow_remote=remote_images)


def _files(message: Message, mail: ParsedMail, clean: CleanHtml | None) -> list[File]:
    """Attachments, without the pictures the body itself shows."""
    return [
        file_of(
            one.index,
            one.filename,
            one.content_type,
            one.size,
            reverse("mail-attachment", args=[message.pk, one.index]),
        )
        for one in mail.attachments
        if not (clean and one.inline and f"cid:{one.content_id}" in mail.html)
    ]


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
