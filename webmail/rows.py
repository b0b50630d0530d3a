"""Messages as lines of a list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from django.utils import timezone

from lib.days import Day, day_of, short_time
from mailstore.addresses import Address
from mailstore.models import Folder, FolderRole, Message, Source
from smtp_accounts.services.marks import Mark
from webmail.place import Place


@dataclass(frozen=True)
class Row:
    """What one line shows. ``who`` is the other party: the sender, or for sent mail the people
    it went to. ``address`` is the sender's, to be seen on demand where ``who`` is a name. ``mark``
    says what went wrong with what was sent."""

    message: Message
    who: str
    address: str
    when: str
    url: str
    day: Day
    label: str
    source: Source | None
    mark: Mark | None

    @property
    def account_class(self) -> str:
        return f"a{self.source.color}" if self.source else ""


def rows(
    messages: Iterable[Message],
    *,
    place: Place,
    folders: Mapping[int, Folder],
    sources: Mapping[int, Source],
    marks: Mapping[int, Mark],
    today: dt.date,
) -> list[Row]:
    """Lines for messages, in the order given. Asks the database nothing."""
    found = []
    for message in messages:
        local = timezone.localtime(message.sort_at)
        folder = folders.get(message.folder_id)
        mine = folder is not None and folder.role in {FolderRole.SENT, FolderRole.DRAFTS}
        found.append(
            Row(
                message=message,
                who=(message.to_text if mine else "") or _sender(message),
                address="" if mine else message.from_address,
                when=short_time(local, today),
                url=place.message_url(message.pk),
                day=day_of(local, today),
                label=_label(folder, place),
                source=sources.get(message.source_id) if message.source_id else None,
                mark=marks.get(message.pk),
            )
        )
    return found


def _sender(message: Message) -> str:
    """The sender's name; the address where there is none or the name poses as another address."""
    sender = Address(message.from_name, message.from_address)
    return sender.address if sender.poses else sender.shown


def by_day(found: Iterable[Row]) -> list[tuple[Day, list[Row]]]:
    """Lines under their headings."""
    return [(day, list(group)) for day, group in groupby(found, key=lambda row: row.day)]


def _label(folder: Folder | None, place: Place) -> str:
    """The folder's name, where a list mixes folders and the folder is not the Inbox."""
    if folder is None or place.folder_id == folder.pk or folder.role == FolderRole.INBOX:
        return ""
    return folder.label
