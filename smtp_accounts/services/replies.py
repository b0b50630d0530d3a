"""What an answer or a forward starts with: recipients, subject, quote, and who it is from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import User
from mailstore import mime
from mailstore.addresses import Address
from mailstore.mime import Part
from mailstore.models import Message
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts import addresses, build, outgoing_html, rules
from smtp_accounts.addresses import Mailbox
from smtp_accounts.models import Draft, DraftAttachment, DraftKind
from smtp_accounts.services import arrivals, drafts, identities, quotes
from smtp_accounts.services.drafts import DraftValues, Upload
from smtp_accounts.services.identities import Chosen
from smtp_accounts.services.quotes import Quote

_REPLY_PREFIXES = ("re:", "aw:", "sv:", "antw:")
_FORWARD_PREFIXES = ("fwd:", "fw:", "wg:")


@dataclass(frozen=True, slots=True)
class Start:
    """What a compose window starts with. `parts` are files of the original to take along.

    `values` has both HTML and text; `is_plain` says which to show. `pictures` are Content-IDs in
    the HTML and the parts of the original they stand for; `carry_over` takes them along.
    `whole` is the file name of the original where that goes along as a file of its own.
    """

    values: DraftValues
    chosen: Chosen
    parts: Sequence[Part] = field(default_factory=tuple)
    is_plain: bool = False
    pictures: Mapping[str, int] = field(default_factory=dict)
    whole: str = ""


def blank(
    user: User,
    *,
    to: str = "",
    cc: str = "",
    subject: str = "",
    body: str = "",
    source_id: int | None = None,
) -> Start:
    """A new message, from what the list it is begun in belongs to, else from the Default From."""
    chosen = identities.for_new(user, source_id=source_id)
    text, html = quotes.signed(Quote(), chosen.send_from.identity, DraftKind.NEW, above=body)
    values = _values(chosen, to=to, cc=cc, subject=subject[:998], body=text, html=html)
    return Start(values, chosen, is_plain=user.writes_plain)


def reply(user: User, message: Message, *, everyone: bool) -> Start:
    """An answer to a message. Raises `BlobUnreadable`."""
    raw = blobs.read(message.blob)
    mail = mime.parse(raw)
    original = arrivals.original_of(message, mail)
    chosen = identities.for_reply(user, message, original)
    to, cc = rules.reply_recipients(
        original,
        own=identities.own(user),
        reply_to=_mailboxes(mail.reply_to),
        sender=next(iter(_mailboxes(mail.sender)), None),
        to=_mailboxes(mail.to),
        cc=_mailboxes(mail.cc),
        everyone=everyone,
        followup_to=_mailboxes(mime.people(mail.headers, "mail-followup-to")),
        list_address=mime.list_address(mail.headers),
    )
    kind = DraftKind.REPLY_ALL if everyone else DraftKind.REPLY
    quote = quotes.of_reply(message, raw, mail)
    text, html = quotes.signed(quote, chosen.send_from.identity, kind)
    values = _values(
        chosen,
        to=addresses.text(to),
        cc=addresses.text(cc),
        subject=_prefixed("Re: ", mail.subject, _REPLY_PREFIXES),
        body=text,
        html=html,
        kind=kind,
        original=message,
    )
    is_plain = user.writes_plain or quote.is_plain
    return Start(values, chosen, is_plain=is_plain, pictures=quote.pictures)


def forward(user: User, message: Message, *, whole: bool = False) -> Start:
    """A message passed on, its files with it; `whole`: as a file. Raises `BlobUnreadable`."""
    raw = blobs.read(message.blob)
    mail = mime.parse(raw)
    original = arrivals.original_of(message, mail)
    chosen = identities.for_reply(user, message, original, forward=True)
    quote = Quote() if whole else quotes.of_forward(message, raw, mail)
    text, html = quotes.signed(quote, chosen.send_from.identity, DraftKind.FORWARD)
    values = _values(
        chosen,
        subject=_prefixed("Fwd: ", mail.subject, _FORWARD_PREFIXES),
        body=text,
        html=html,
        kind=DraftKind.FORWARD,
        original=message,
    )
    return Start(
        values,
        chosen,
        parts=() if whole else quotes.files(mail, quote),
        is_plain=user.writes_plain or quote.is_plain,
        pictures=quote.pictures,
        whole=_file_name(message) if whole else "",
    )


def carry_over(
    *, draft: Draft, indexes: Sequence[int], now: datetime, whole: bool = False
) -> list[DraftAttachment]:
    """Copy what goes along of the original into its draft: files, the pictures its HTML shows.

    `indexes` are parts; unknown ones are left out. `whole`: the original itself, as a file. Files
    are taken along once, as the writer may take them out again. Raises what `drafts.attach` does.
    """
    original = draft.original
    if original is None:
        return []
    wanted = _missing_pictures(draft, original)
    uploads: list[Upload] = []
    if (indexes or whole) and not draft.attachments.filter(content_id="").exists():
        wanted = {**dict.fromkeys(indexes[: drafts.MAX_ATTACHMENTS], ""), **wanted}
        if whole:
            name, body = _file_name(original), blobs.body(original.blob)
            uploads.append(Upload(name, build.MESSAGE, body, is_message=True))
    if wanted:
        raw = blobs.read(original.blob)
        parts = {part.index: part for part in mime.parse(raw).attachments}
        uploads += [
            _upload(parts[index], raw, content_id)
            for index, content_id in wanted.items()
            if index in parts
        ]
    return drafts.attach(draft=draft, uploads=uploads, now=now) if uploads else []


def _missing_pictures(draft: Draft, original: Message) -> dict[int, str]:
    """Parts of the original that the draft's HTML shows and the draft does not have yet."""
    if "@quoted" not in draft.html:
        return {}
    had = set(draft.attachments.exclude(content_id="").values_list("content_id", flat=True))
    shown = [cid for cid in outgoing_html.cids(draft.html) if cid not in had]
    found = {quotes.part_of(cid, original): cid for cid in shown}
    return {index: cid for index, cid in found.items() if index is not None}


def _upload(part: Part, raw: bytes, content_id: str) -> Upload:
    body = Body.of(mime.part_bytes(raw, part.index))
    return Upload(part.filename, part.content_type, body, content_id=content_id)


def _file_name(message: Message) -> str:
    return f"{build.safe_filename(message.subject)[:100]}.eml"


def _values(chosen: Chosen, **fields: Any) -> DraftValues:
    return DraftValues(
        identity=chosen.send_from.identity,
        from_address=chosen.address,
        identity_reason=chosen.reason,
        **fields,
    )


def _mailboxes(people: Sequence[Address]) -> list[Mailbox]:
    """Those among the people of a header that can be written to."""
    found = ((one.name, addresses.normal(one.address)) for one in people)
    return [Mailbox(name, address) for name, address in found if address]


def _prefixed(prefix: str, subject: str, known: Sequence[str]) -> str:
    has_one = subject.lower().startswith(tuple(known))
    return (subject if has_one else f"{prefix}{subject}")[:998]
