"""The files of a folder, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode

from lib.days import short_time
from mailstore.addresses import Address
from mailstore.file_kinds import KINDS
from mailstore.mime import Part
from mailstore.models import Attachment, Folder, Message
from mailstore.services import attachments
from webmail import files
from webmail.files import LOOKS, File

PAGE: Final = 50


@dataclass(frozen=True)
class Asked:
    """What is looked for: files of one kind, with some letters in their names."""

    kind: str = ""
    name: str = ""

    def url(self, folder: Folder, **more: str) -> str:
        """The address of this list."""
        said = {"kind": self.kind, "name": self.name, **more}
        query = urlencode({key: value for key, value in said.items() if value})
        address = reverse("mail-folder-attachments", args=[folder.pk])
        return f"{address}?{query}" if query else address


@dataclass(frozen=True)
class Line:
    """A file and the message it came with."""

    file: File
    message: Message
    sender: str
    when: str


@dataclass(frozen=True)
class Listed:
    """One page; ``cursor`` leads to the next one, if there is one."""

    lines: Sequence[Line]
    cursor: str


def page(folder: Folder, asked: Asked, before: str = "") -> Listed:
    """A page of the files in a folder, newest message first."""
    found = attachments.of_folder(folder, kind=asked.kind, name=asked.name)
    after = _after(folder, before)
    rows = list((found.filter(after) if after else found)[: PAGE + 1])
    shown = rows[:PAGE]
    last = shown[-1] if len(rows) > PAGE else None
    return Listed([_line(one) for one in shown], f"{last.message_id}-{last.index}" if last else "")


def _after(folder: Folder, cursor: str) -> Q | None:
    """What follows a file in the order of the list; nothing where it is gone."""
    pk, _dash, index = cursor.partition("-")
    if not (pk.isdecimal() and index.isdecimal() and len(cursor) < 25):
        return None
    at = Message.objects.filter(folder=folder, pk=int(pk)).values_list("sort_at", flat=True).first()
    if at is None:
        return None
    return (
        Q(message__sort_at__lt=at)
        | Q(message__sort_at=at, message_id__lt=int(pk))
        | Q(message_id=int(pk), index__gt=int(index))
    )


def _line(row: Attachment) -> Line:
    message = row.message
    part = Part(row.index, row.name, row.content_type, row.size, "", inline=False)
    return Line(
        file=files.attached(message.pk, (row.index,), part),
        message=message,
        sender=Address(message.from_name, message.from_address).shown,
        when=short_time(timezone.localtime(message.sort_at), timezone.localdate()),
    )


def kinds(folder: Folder, asked: Asked) -> list[tuple[str, str | Promise, bool]]:
    """Address and words of each kind, and whether it is the one shown."""
    return [
        (
            Asked("" if kind == asked.kind else kind, asked.name).url(folder),
            LOOKS[kind][1],
            kind == asked.kind,
        )
        for kind in KINDS
        if kind in LOOKS
    ]
