"""What comes with a message beside its words: files, and cards for what is more than a file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils import timezone

from accounts.models import User
from mailstore import invitation, mime, nested, sealed, vcard
from mailstore.file_kinds import kind_of
from mailstore.mime import ParsedMail, Part
from mailstore.models import Message
from mailstore.nested import NotOpened, Path
from mailstore.services import winmail
from webmail import files, invitation_card
from webmail.files import File

#: Cards of one sort in a message; the rest are files.
MOST: Final = 5


@dataclass(frozen=True)
class Card:
    """A template and what it shows."""

    template: str
    about: Any
    path: str = ""


@dataclass
class Came:
    """What a message brought along; ``hidden`` are the parts shown by a card alone."""

    cards: list[Card] = field(default_factory=list)
    files: Sequence[File] = ()
    hidden: set[int] = field(default_factory=set)

    @property
    def files_size(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in self.files)


@dataclass(frozen=True)
class Opened:
    """A message, or one within it: whose it is, its bytes, and where it lies."""

    user: User
    message: Message
    raw: bytes
    mail: ParsedMail
    path: Path = ()

    def bytes_of(self, part: Part) -> bytes:
        """The decoded bytes of a part."""
        return mime.part_bytes(self.raw, part.index)


def came_with(letter: Opened, *, shown: Collection[int] = ()) -> Came:
    """Cards and files of a message. ``shown`` are the pictures its body shows itself."""
    came = Came()
    _seal(letter, came)
    for make, kind in ((_event, "event"), (_contacts, "contact"), (_message, "message")):
        _of_kind(letter, came, kind, make)
    parts = [one for one in letter.mail.attachments if one.index not in {*shown, *came.hidden}]
    listed: list[tuple[Path, Part]] = []
    for part in parts:
        inner = _unpacked(letter, part, came) if nested.is_winmail(part) else None
        listed += inner if inner is not None else [((*letter.path, part.index), part)]
    came.files = files.all_of(letter.message, listed)
    return came


_Make = Callable[[Opened, Came, Part], Card | None]


def _of_kind(letter: Opened, came: Came, kind: str, make: _Make) -> None:
    parts = letter.mail.attachments
    found = [one for one in parts if kind_of(one.content_type, one.filename) == kind]
    for part in found[:MOST]:
        card = make(letter, came, part)
        if card is not None:
            came.cards.append(card)


def _event(letter: Opened, came: Came, part: Part) -> Card | None:
    event = invitation.read(letter.bytes_of(part))
    if event is None:
        return None
    if not part.filename:
        came.hidden.add(part.index)
    # The same event usually lies in a message twice: to be shown, and as a file.
    known = [one.about.event for one in came.cards if one.template.endswith("invitation.html")]
    if any((one.uid, one.occurrence) == (event.uid, event.occurrence) for one in known):
        return None
    path = (*letter.path, part.index)
    about = invitation_card.card(letter.user, letter.message, event, path, now=timezone.now())
    return Card("webmail/_card_invitation.html", about, about.path)


def _contacts(letter: Opened, came: Came, part: Part) -> Card | None:
    found = vcard.read(letter.bytes_of(part))
    path = nested.write_path((*letter.path, part.index))
    return Card("webmail/_card_contacts.html", found, path) if found.shown else None


def _message(letter: Opened, came: Came, part: Part) -> Card | None:
    if len(letter.path) + 1 >= nested.MAX_DEPTH or not nested.is_message(part):
        return None
    # What a report brings back is the reader's own.
    if letter.mail.headers.raw("content-type").lower().startswith(b"multipart/report"):
        return None
    path = nested.write_path((*letter.path, part.index))
    return Card("webmail/_card_message.html", mime.summary(letter.bytes_of(part)), path)


def _seal(letter: Opened, came: Came) -> None:
    parts = letter.mail.attachments
    index = sealed.sealed_part(parts)
    first = mime.part_bytes(letter.raw, index)[:64] if index is not None else b""
    seal = sealed.seal(parts, letter.mail.text, first)
    if seal is not None:
        path = "" if seal.part is None else nested.write_path((*letter.path, seal.part))
        came.cards.append(Card("webmail/_card_sealed.html", seal, path))


def _unpacked(letter: Opened, part: Part, came: Came) -> list[tuple[Path, Part]] | None:
    """The files in a winmail.dat in its place; None where it cannot be opened."""
    path = (*letter.path, part.index)
    try:
        mail = mime.parse(winmail.unpack(letter.bytes_of(part)))
    except NotOpened:
        return None
    has_text = bool(mail.text.strip() or mail.html)
    came.cards.append(Card("webmail/_card_winmail.html", has_text, nested.write_path(path)))
    return nested.parts_of(mail, path)
