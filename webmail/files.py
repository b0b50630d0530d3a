"""The files of an open message: names made harmless, kinds in words, and what may be done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from filtering.services import viruses
from lib.filenames import safe_filename
from lib.risky import VIRUS, risk
from mailstore import nested
from mailstore.file_kinds import ending_of, kind_of
from mailstore.mime import Part
from mailstore.models import Message
from mailstore.nested import Path

#: Pictures up to this size, in bytes, are shown small beside their names.
MAX_THUMBNAIL: Final = 2 * 1024 * 1024
MAX_MESSAGE: Final = 24 * 1024 * 1024
_PICTURES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
LOOKS: Final[dict[str, tuple[str, str | Promise]]] = {
    "image": ("image", _("Image")),
    "pdf": ("file", "PDF"),
    "document": ("file", pgettext_lazy("a kind of file", "Document")),
    "sheet": ("sheet", _("Spreadsheet")),
    "slides": ("image", pgettext_lazy("a kind of file", "Presentation")),
    "archive": ("folder", pgettext_lazy("a kind of file", "Archive")),
    "sound": ("bell", pgettext_lazy("a kind of file", "Sound")),
    "film": ("image", pgettext_lazy("a kind of file", "Video")),
    "message": ("mail", _("Message")),
    "event": ("calendar", _("Calendar entry")),
    "contact": ("contacts", pgettext_lazy("a kind of file", "Contact")),
    "text": ("code", pgettext_lazy("a kind of file", "Text")),
    "page": ("code", pgettext_lazy("a kind of file", "Web page")),
}


@dataclass(frozen=True)
class File:
    """An attachment. ``url`` saves it; ``preview`` shows it, or warns of it where ``risk`` says
    that it may do something when opened; ``thumbnail`` is a small picture of it."""

    index: int
    name: str
    icon: str
    kind: str | Promise
    size: int
    url: str
    preview: str = ""
    thumbnail: str = ""
    risk: str = ""
    path: Path = ()


def look_of(content_type: str, name: str) -> tuple[str, str | Promise]:
    """Icon and words for a file, from its type and, where that says nothing, its name."""
    kind = kind_of(content_type, name)
    return LOOKS.get(kind) or ("file", ending_of(name).upper() or _("File"))


def file_of(index: int, filename: str, content_type: str, size: int, url: str) -> File:
    """A file for display, where it can only be saved."""
    name = safe_filename(filename)
    icon, kind = look_of(content_type, name)
    return File(index, name, icon, kind, size, url)


def attached(
    message_id: int, path: Path, part: Part, *, thumbnail: bool = True, virus: bool = False
) -> File:
    """A file of a message, or of a message within it; ``virus``: a scanner found one in it."""
    name = safe_filename(part.filename, _default(part))
    danger = VIRUS if virus else risk(name)
    # What a dangerous file says of itself is not repeated.
    icon, kind = look_of("" if danger else part.content_type, name)
    where = [message_id, nested.write_path(path)]
    is_small = thumbnail and part.content_type in _PICTURES and part.size <= MAX_THUMBNAIL
    return File(
        index=part.index,
        name=name,
        icon=icon,
        kind=kind,
        size=part.size,
        url=reverse("mail-attachment", args=where),
        preview=reverse("mail-attachment-preview", args=where),
        thumbnail=reverse("mail-attachment-shown", args=where) if is_small else "",
        risk=danger,
        path=path,
    )


def all_of(message: Message, parts: Iterable[tuple[Path, Part]]) -> Sequence[File]:
    """The files of a message, in order. For each picture the whole message is read."""
    listed = list(parts)
    virus = bool(listed) and viruses.found_in(message)
    small = message.size <= MAX_MESSAGE and not virus
    return [attached(message.pk, path, part, thumbnail=small, virus=virus) for path, part in listed]


def _default(part: Part) -> str:
    """What a file without a name is called."""
    endings = {"message": "message.eml", "event": "event.ics", "contact": "contact.vcf"}
    return endings.get(kind_of(part.content_type, ""), "attachment")
