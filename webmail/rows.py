"""Messages as lines of a list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lib.days import Day, day_of, short_time
from lib.moments import moment
from mailstore.addresses import Address
from mailstore.conversations import About
from mailstore.models import Folder, FolderRole, Label, Source
from mailstore.paging import Line
from smtp_accounts.services.marks import Mark
from webmail.beside import Beside
from webmail.place import ALL, Place

MINE = frozenset({FolderRole.SENT, FolderRole.DRAFTS})


@dataclass(frozen=True, slots=True)
class Row:
    """What one line shows. ``who`` is the other party: the sender, or for sent mail the people
    it went to. ``address`` is the sender's, to be seen on demand where ``who`` is a name. ``mark``
    says what went wrong with what was sent, ``note`` why it came back."""

    line: Line
    who: str
    address: str
    when: str
    moment: str
    url: str
    day: Day
    label: str
    source: Source | None
    is_unread: bool
    is_starred: bool
    has_attachments: bool
    mark: Mark | None = None
    labels: Sequence[Label] = ()
    is_snoozed: bool = False
    note: str = ""
    count: int = 1

    @property
    def tint(self) -> str:
        """The class of the account's colour."""
        return f"a{self.source.color}" if self.source else ""


def rows(
    lines: Iterable[Line],
    *,
    place: Place,
    folders: Mapping[int, Folder],
    sources: Mapping[int, Source],
    beside: Beside,
    now: dt.datetime,
) -> list[Row]:
    """Lines for messages, in the order given. Asks the database nothing."""
    before, after = place.around_message
    zone = timezone.get_current_timezone()
    times = _Times(timezone.localtime(now).date(), headed=place.in_time)
    found = []
    for line in lines:
        local = line.sort_at.astimezone(zone)
        day, time = times.said(local)
        folder = folders.get(line.folder_id)
        source = sources.get(line.source_id) if line.source_id else None
        until = beside.snoozed.get(line.id)
        about = beside.threads.get(line.thread_id or 0)
        who, address = _who(line, folder)
        if about is not None and about.total > 1:
            who, address = _names(about, beside.mine), ""
        found.append(
            Row(
                line=line,
                who=who,
                address=address,
                when=time if until is None else moment(until, now=now),
                moment=(local if until is None else timezone.localtime(until)).isoformat(),
                url=f"{before}{line.id}{after}",
                day=day,
                label=_label(folder, source if len(sources) > 1 else None, place),
                source=source,
                is_unread=about.unread > 0 if about else not line.is_seen,
                is_starred=about.flagged > 0 if about else line.is_flagged,
                has_attachments=about.has_attachments if about else line.has_attachments,
                mark=beside.marks.get(line.id),
                # In the list of a label every line has it.
                labels=[one for one in beside.labels.get(line.id, ()) if one.pk != place.label_id],
                is_snoozed=until is not None,
                note=beside.notes.get(line.id, ""),
                count=about.total if about else 1,
            )
        )
    return found


class _Times:
    """Times in words. Putting a day into words takes longer than drawing a line, so it is kept."""

    def __init__(self, today: dt.date, *, headed: bool) -> None:
        self._today, self._headed = today, headed
        self._language = get_language() or ""

    def said(self, local: dt.datetime) -> tuple[Day, str]:
        """The heading, an empty one where a list is not sorted by time, and the time; today's to
        the minute."""
        date = local.date()
        hour, minute = (local.hour, local.minute) if date >= self._today else (0, 0)
        when = dt.datetime(date.year, date.month, date.day, hour, minute)  # noqa: DTZ001 - local
        day, time = _said(when, self._today, self._language)
        return day if self._headed else _NO_DAY, time


_NO_DAY: Final = Day("", "")


@lru_cache(maxsize=8192)
def _said(local: dt.datetime, today: dt.date, _language: str) -> tuple[Day, str]:
    return day_of(local, today), short_time(local, today)


def _who(line: Line, folder: Folder | None) -> tuple[str, str]:
    """The other party, and the sender's address where there is more to be seen of it."""
    if folder is not None and folder.role in MINE:
        return line.to_text or _sender(line.from_name, line.from_address), ""
    return _sender(line.from_name, line.from_address), line.from_address


def _sender(name: str, address: str) -> str:
    """The sender's name; the address where there is none or the name poses as another address."""
    sender = Address(name, address)
    if name.isascii() and "@" not in name:  # most names: nothing to look at closely
        return sender.shown
    return sender.address if sender.poses else sender.shown


def _names(about: About, mine: Collection[str]) -> str:
    """Those who wrote in a conversation: of several their first names, and the reader is "me"."""
    if len(about.names) == 1:
        return _sender(about.names[0].name, about.names[0].address)
    return ", ".join(
        _("me") if one.address.casefold() in mine else _first(_sender(one.name, one.address))
        for one in about.names
    )


def _first(name: str) -> str:
    """The first of somebody's names; an address or a name written "Last, First" as it is."""
    head, _blank, _rest = name.partition(" ")
    return name if "@" in head or head.endswith(",") else head


def _label(folder: Folder | None, source: Source | None, place: Place) -> str:
    """Where a list mixes mail: in all inboxes the account it came for, where there are several;
    elsewhere its folder."""
    if place.where == ALL and not place.query and source is not None:
        return source.name
    if folder is None or place.folder_id == folder.pk or folder.role == FolderRole.INBOX:
        return ""
    return folder.label
