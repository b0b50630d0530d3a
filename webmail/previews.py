"""What can be shown of a file without opening it elsewhere. Decided by its bytes, never by what
its sender says of it; pages, pictures that hold script, and documents of offices are only saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone

from filtering.services import viruses
from lib import risky, tables
from lib.picture_size import may_be_looked_at
from lib.sniffing import HEAD, PDF, is_played, kind_of_bytes
from mailstore import invitation, mime, vcard
from mailstore.file_kinds import kind_of
from mailstore.services import drawing
from mailstore.services.drawing import MAX_PAGES, NotDrawn
from mailstore.text import tidy
from webmail import event_words
from webmail.event_words import When
from webmail.mail_headers import SHOWN
from webmail.parts import Opened

MAX_TEXT: Final = 1024 * 1024
#: Characters of a text that are drawn; more would only slow the browser down.
MAX_DRAWN: Final = 300_000
_BINARY: Final = 8192


@dataclass(frozen=True)
class Preview:
    """How a file is shown: ``look`` names the part of ``_preview_body.html``, ``about`` what it
    shows; "none" is a file that can only be saved."""

    look: str
    about: Any = None
    more: int = 0
    when: When | None = None


NOTHING: Final = Preview("none")


def danger(opened: Opened) -> str:
    """Why it is better not to open a file: what `lib.risky` says of its name and of its bytes."""
    if viruses.found_in(opened.message):
        return risky.VIRUS
    return risky.risk(opened.name) or risky.risk_inside(opened.found.data)


def preview(opened: Opened) -> Preview:
    """What there is to see of a part."""
    part, data = opened.found.part, opened.found.data
    if risk := danger(opened):
        return Preview("risky", risk)
    kind = kind_of_bytes(data[:HEAD])
    address = reverse("mail-attachment-shown", args=[opened.message.pk, opened.path])
    if kind in SHOWN:
        return Preview("picture", address) if may_be_looked_at(data) else NOTHING
    if is_played(kind):
        return Preview(kind.partition("/")[0], (address, kind))
    if kind == PDF:
        return _pages(opened)
    named = kind_of(part.content_type, opened.name)
    if named == "message":
        return Preview("message", mime.summary(data))
    if named == "event" and (event := invitation.read(data)) is not None:
        return Preview("event", event, when=event_words.when(event, timezone.now()))
    if named == "contact" and (cards := vcard.read(data)).shown:
        return Preview("contact", cards)
    return _text(data, named)


def _pages(opened: Opened) -> Preview:
    try:
        count = drawing.pages(opened.found.data)
    except NotDrawn:
        return NOTHING
    where = [opened.message.pk, opened.path]
    shown = range(1, min(count, MAX_PAGES) + 1)
    pages = [(one, reverse("mail-attachment-page", args=[*where, one])) for one in shown]
    return Preview("pages", pages, more=max(0, count - MAX_PAGES))


def _text(data: bytes, named: str) -> Preview:
    if len(data) > MAX_TEXT or b"\0" in data[:_BINARY] or named in ("page", "image"):
        return NOTHING
    try:
        text = tidy(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return NOTHING
    rows = tables.rows(text) if named == "sheet" else ()
    if rows:
        return Preview("table", rows, more=max(0, text.count("\n") - tables.MAX_ROWS))
    return Preview("text", text[:MAX_DRAWN], more=max(0, len(text) - MAX_DRAWN))
