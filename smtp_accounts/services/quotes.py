"""What is quoted of a message that is answered or passed on: as plain text and as HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mailstore import structure
from mailstore.addresses import Address
from mailstore.mime import ParsedMail, Part
from mailstore.models import Message
from smtp_accounts import outgoing_html, quoting
from smtp_accounts.models import Identity
from smtp_accounts.services import signatures

# An answer takes pictures along as long as they are small; a forward takes all.
MAX_REPLY_PICTURES = 2 * 1024 * 1024
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")

_LOOKED_AT = 256 * 1024
_PLAIN = re.compile(
    rb"^content-type:[ \t]*text/plain[^\r\n]{0,500}(?:\r?\n[ \t][^\r\n]{0,500}){0,5}", re.I | re.M
)
_CID = re.compile(r"([0-9a-f]{20})\.([0-9]{1,4})@quoted")


@dataclass(frozen=True, slots=True)
class Quote:
    """The words quoted. `pictures`: Content-IDs in the HTML to the parts of the original they are.

    `is_plain`: the original has no formatting. Both are there all the same, for the writer may
    change from one to the other.
    """

    text: str = ""
    html: str = ""
    pictures: Mapping[str, int] = field(default_factory=dict)
    is_plain: bool = False


def of_reply(message: Message, raw: bytes, mail: ParsedMail) -> Quote:
    """Who wrote what, below which the answer stands or above."""
    intro = _intro(message, mail)
    text = _text(raw, mail)
    html, pictures = _html(message, mail, MAX_REPLY_PICTURES)
    if not html and text.strip():
        html = _from_text(quoting.without_signature(text))
    return Quote(
        text=quoting.answer(text, intro),
        html=_region(escape(intro), f'<blockquote type="cite">{html}</blockquote>') if html else "",
        pictures=pictures,
        is_plain=not mail.html,
    )


def of_forward(message: Message, raw: bytes, mail: ParsedMail) -> Quote:
    """The message with its own headers."""
    fields = [
        (_("From"), _listed(mail.sender)),
        (_("Date"), _when(message, mail)),
        (_("Subject"), mail.subject),
        (_("To"), _listed(mail.to)),
        (_("Cc"), _listed(mail.cc)),
    ]
    heading = _("Forwarded message")
    text = _text(raw, mail)
    html, pictures = _html(message, mail, sum(part.size for part in mail.attachments))
    shown = [
        f"{escape(name)}: {escape(quoting.one_line(value))}" for name, value in fields if value
    ]
    head = "<br>".join([f"---------- {escape(heading)} ----------", *shown])
    return Quote(
        text=quoting.forwarded(text, heading, fields),
        html=_region(head, f"<div><br></div>{html or _from_text(text)}"),
        pictures=pictures,
        is_plain=not mail.html,
    )


def signed(quote: Quote, identity: Identity, kind: str, *, above: str = "") -> tuple[str, str]:
    """Text and HTML of a draft: room to write (or `above`), the signature, the quote.

    Both are empty where there is nothing of these: a window nobody wrote in says nothing.
    """
    signature = signatures.region(identity, kind)
    below = quote.html
    if signature.signature_id:
        below = f'<div data-signature="{signature.signature_id}">{signature.html}</div>{below}'
    room = outgoing_html.from_text(above) if above else "<div><br></div>" if below else ""
    text = quoting.signed(quote.text, signature.text)
    return f"{above}{text}", f"{room}{below}"


def part_of(draft_cid: str, message: Message) -> int | None:
    """Which part of a message a Content-ID in a quote of it stands for; None for none."""
    found = _CID.fullmatch(draft_cid)
    return int(found[2]) if found and found[1] == _mark(message) else None


def files(mail: ParsedMail, quote: Quote) -> Sequence[Part]:
    """The files of a message that do not stand in the quote of it."""
    inside = set(quote.pictures.values())
    return [part for part in mail.attachments if part.index not in inside]


def _region(head: str, html: str) -> str:
    return f"<div data-quote><div>{head}</div>{html}</div>"


def _html(message: Message, mail: ParsedMail, room: int) -> tuple[str, dict[str, int]]:
    """The original's HTML, cleaned, and the pictures it shows that go along; at most `room`."""
    if not mail.html:
        return "", {}
    found = {
        part.content_id: part
        for part in mail.attachments
        if part.content_id and part.content_type in PICTURES
    }
    if sum(part.size for part in found.values()) > room:
        found = {}
    names = {cid: f"{_mark(message)}.{part.index}@quoted" for cid, part in found.items()}
    html = outgoing_html.quoted(mail.html, names)
    shown = set(outgoing_html.cids(html))
    return html, {names[cid]: one.index for cid, one in found.items() if names[cid] in shown}


def _from_text(text: str) -> str:
    return outgoing_html.from_text(text[: quoting.MAX_QUOTE].strip("\n"))


def _mark(message: Message) -> str:
    """A few letters that tell the pictures of this message from those of others."""
    return bytes(message.blob.sha256).hex()[:20]


def _text(raw: bytes, mail: ParsedMail) -> str:
    """The message's words. Soft line ends (RFC 3676) are undone where its text part declares them.

    Looking for the declaration anywhere among the headers is enough: text that does not flow has
    no spaces at its line ends.
    """
    if mail.html and not _has_text(raw):
        return outgoing_html.to_text(mail.html)
    for found in _PLAIN.finditer(raw[:_LOOKED_AT]):
        said = found[0].lower().replace(b'"', b"")
        if b"format=flowed" in said:
            return quoting.unflowed(mail.text, delsp=b"delsp=yes" in said)
    return mail.text


def _has_text(raw: bytes) -> bool:
    shown = structure.bodies(structure.parse(raw)).text
    return any(node.content_type == "text/plain" for node in shown)


def _listed(people: Sequence[Address]) -> str:
    return ", ".join(map(str, people))


def _when(message: Message, mail: ParsedMail) -> str:
    at = timezone.localtime(mail.sent_at or message.sort_at)
    words = {"day": date_format(at, _("j F Y")), "time": date_format(at, "H:i")}
    return _("%(day)s at %(time)s") % words


def _intro(message: Message, mail: ParsedMail) -> str:
    who = mail.sender[0].shown if mail.sender else _("somebody")
    return _("On %(date)s, %(name)s wrote:") % {"date": _when(message, mail), "name": who}
