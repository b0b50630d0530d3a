"""Settings, Storage: what takes how much space, in the order it is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import limits
from mailstore import filling
from mailstore.models import FolderRole, Message, Source
from mailstore.services import usage
from webmail.files import LOOKS

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One share, as a bar: ``share`` is its percent of all that is used."""

    label: str | Promise
    size: int
    count: int
    share: int
    url: str = ""
    empty_url: str = ""
    icon: str = "folder"


@dataclass(frozen=True, slots=True)
class Storage:
    """All of the page. ``quota`` None: without a limit. ``level``: 0, 80, 95 or 100 percent."""

    used: int
    quota: int | None
    percent: int
    level: int
    folders: list[Line]
    accounts: list[Line]
    kinds: list[Line]
    largest: list[Message]

    @property
    def left(self) -> int:
        """Bytes that still fit in."""
        return max(0, (self.quota or 0) - self.used)


def storage_of(user: User) -> Storage:
    """What takes how much of this person's space; with seven statements, however much there is."""
    folders = usage.by_folder(user)
    used = sum(one.size for one in folders)
    quota = limits.quota_of(user)
    return Storage(
        used=used,
        quota=quota,
        percent=filling.percent(used, quota),
        level=filling.level(used, quota),
        folders=[
            Line(
                one.label,
                one.size,
                one.total,
                _share(one.size, used),
                reverse("mail-folder", args=[one.pk]),
                reverse("folder-empty", args=[one.pk]) if one.role in _EMPTIED else "",
            )
            for one in folders[:_SHOWN]
        ],
        accounts=_by_account(user, used),
        kinds=_by_kind(user),
        largest=usage.largest(user),
    )


_EMPTIED = (FolderRole.TRASH, FolderRole.JUNK)


def _by_account(user: User, used: int) -> list[Line]:
    found = usage.by_source(user)
    names = dict(Source.objects.filter(user=user).values_list("pk", "name"))
    lines = [
        Line(
            names.get(pk or 0) or _("Written or received here"),
            part.size,
            part.count,
            _share(part.size, used),
            icon="confluence" if pk else "mail",
        )
        for pk, part in found.items()
    ]
    return _largest_first(lines)


def _by_kind(user: User) -> list[Line]:
    found = usage.by_kind(user)
    total = sum(part.size for part in found.values())
    lines = []
    for kind, part in found.items():
        icon, words = LOOKS.get(kind) or ("file", _("Other files"))
        lines.append(Line(words, part.size, part.count, _share(part.size, total), icon=icon))
    return _largest_first(lines)


def _largest_first(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda one: -one.size)[:_SHOWN]


def _share(size: int, total: int) -> int:
    return round(size * 100 / total) if total else 0
