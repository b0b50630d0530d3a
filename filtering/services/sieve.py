"""Filters of a person taken along as a Sieve script, and brought in from one.

A script is never executed: what it says becomes filters, or is named as left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from filtering import sieve_export, sieve_import
from filtering.actions import Action, Do
from filtering.models import Filter
from filtering.services import checked, filters
from filtering.services.checked import FilterRefused
from filtering.services.filters import Wanted
from filtering.sieve_map import INBOX, TRASH, LeftOut, Portable
from mailstore.models import Folder, FolderRole, Label
from mailstore.services import folders, labels
from mailstore.services.folders import FolderRefused
from mailstore.services.labels import LabelRefused

#: What the special folders are called in a script, whatever language the page has.
SPECIAL = {
    FolderRole.INBOX: INBOX,
    FolderRole.ARCHIVE: "Archive",
    FolderRole.JUNK: "Junk",
    FolderRole.TRASH: TRASH,
    FolderRole.SENT: "Sent",
}
#: Other names that programs have for them.
_ALIASES = {
    "spam": FolderRole.JUNK, "junk mail": FolderRole.JUNK, "junk email": FolderRole.JUNK,
    "deleted items": FolderRole.TRASH, "deleted messages": FolderRole.TRASH,
    "archives": FolderRole.ARCHIVE, "sent items": FolderRole.SENT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exported:
    """A script, and the filters that are not in it."""

    script: str
    left: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a script would bring: filters, ready to be saved; ``refused`` are those that cannot be
    saved, with the reason in words; ``left`` those without an equivalent. ``folders`` and
    ``labels`` are names of what would be made. ``stopped``: where reading ended early, in English.
    """

    filters: tuple[Portable, ...]
    refused: tuple[tuple[Portable, str], ...]
    left: tuple[LeftOut, ...]
    folders: tuple[str, ...]
    labels: tuple[str, ...]
    stopped: str


@dataclass(frozen=True, slots=True)
class _Names:
    """Folders and labels of a person by their names in scripts; names in lower case."""

    paths: Mapping[int, str]
    folders: Mapping[str, int]
    labels: Mapping[str, int]


def exported(user: User) -> Exported:
    """All filters of a person, in their order, as one script."""
    names = _names(user)
    spoken = {one: name for name, one in _label_names(user)}
    found = []
    for row in Filter.objects.all().owned_by(user):
        wanted = filters.wanted_of(row)
        actions = tuple(_spoken(one, names, spoken) for one in wanted.actions)
        found.append(
            Portable(
                wanted.name,
                tuple(wanted.conditions),
                actions,
                is_any=wanted.is_any,
                is_on=wanted.is_on,
            )
        )
    script, left = sieve_export.script(found)
    return Exported(script, left)


def look(user: User, script: bytes) -> Looked:
    """What a script would bring. Changes nothing; never raises."""
    read = sieve_import.read(script)
    names = _names(user)
    good: list[Portable] = []
    bad: list[tuple[Portable, str]] = []
    for place, one in enumerate(read.filters, 1):
        named = replace(one, name=one.name or _("Filter %d of the script") % place)
        problem = _problem(user, named, names)
        if problem:
            bad.append((named, problem))
        else:
            good.append(named)
    return Looked(
        tuple(good),
        tuple(bad),
        read.left,
        tuple(_missing(good, (Do.MOVE, Do.COPY), names.folders)),
        tuple(_missing(good, (Do.LABEL,), names.labels)),
        read.stopped,
    )


@transaction.atomic
def take_over(user: User, found: Looked, *, actor: User | None, now: datetime) -> list[Filter]:
    """Save the filters of `look` below those that are there, with folders and labels they need.

    Raises FilterRefused, FolderRefused or LabelRefused where there are too many; then nothing
    was changed.
    """
    for path in found.folders:
        folders.ensure_path(user, _steps(path))
    for name in found.labels:
        labels.create(user, name)
    names = _names(user)
    return [
        filters.save(user, _wanted(one, names), row=None, actor=actor, now=now)
        for one in found.filters
    ]


def _names(user: User) -> _Names:
    rows = {one.pk: one for one in Folder.objects.filter(user=user)}
    paths: dict[int, str] = {}
    folders_: dict[str, int] = {}
    # Special ones first: what is called the same beside them has no name of its own.
    for one in sorted(rows.values(), key=lambda each: (each.role not in SPECIAL, each.pk)):
        path = _path(rows, one)
        if path and path.lower() not in folders_:
            paths[one.pk], folders_[path.lower()] = path, one.pk
    roles = {one.role: one.pk for one in rows.values() if one.role}
    for alias, role in _ALIASES.items():
        if role in roles:
            folders_.setdefault(alias, roles[role])
    return _Names(paths, folders_, {name.lower(): pk for name, pk in _label_names(user)})


def _path(rows: Mapping[int, Folder], folder: Folder) -> str:
    """The path of a folder; empty where it has none that could be told from another's."""
    steps: list[str] = []
    at: Folder | None = folder
    while at is not None and len(steps) < 100:
        step = SPECIAL.get(FolderRole(at.role)) if at.role else at.name
        if not step or "/" in step:
            return ""
        steps.insert(0, step)
        at = rows.get(at.parent_id or 0)
    return "/".join(steps)


def _label_names(user: User) -> list[tuple[str, int]]:
    return [(one.name, one.pk) for one in Label.objects.filter(user=user)]


def _spoken(one: Action, names: _Names, label_names: Mapping[int, str]) -> Action:
    """An action that names what it did by key; empty where that is gone or has no name."""
    if not isinstance(one.target, int):
        return one
    if one.do == Do.LABEL:
        return Action(one.do, label_names.get(one.target, ""))
    return Action(one.do, names.paths.get(one.target, ""))


def _keyed(one: Action, names: _Names) -> Action:
    """The reverse; 0 where there is no such folder or label yet."""
    target = str(one.target)
    if one.do in (Do.MOVE, Do.COPY):
        return Action(one.do, names.folders.get(target.lower(), 0))
    if one.do == Do.LABEL:
        return Action(one.do, names.labels.get(target.lower(), 0))
    return one


def _wanted(one: Portable, names: _Names) -> Wanted:
    actions = tuple(_keyed(action, names) for action in one.actions)
    return Wanted(one.name, one.conditions, actions, is_any=one.is_any, is_on=one.is_on)


def _problem(user: User, one: Portable, names: _Names) -> str:
    """Why a filter could not be saved, in words; what is still to be made is no reason."""
    wanted = _wanted(one, names)
    there = tuple(action for action in wanted.actions if action.target != 0)
    made = [action for action in one.actions if _keyed(action, names).target == 0]
    try:
        checked.check(user, replace(wanted, actions=there or (Action(Do.KEEP),)))
    except FilterRefused as refused:
        return " ".join(dict.fromkeys(refused.errors.values()))
    if any(action.do != Do.LABEL and not _steps(str(action.target)) for action in made):
        return _("It names a folder without a name.")
    return ""


def _missing(found: Iterable[Portable], kinds: Sequence[Do], there: Mapping[str, int]) -> list[str]:
    wanted: dict[str, str] = {}
    for one in found:
        for action in one.actions:
            name = str(action.target)
            if action.do in kinds and name.lower() not in there:
                wanted.setdefault(name.lower(), name)
    return list(wanted.values())


def _steps(path: str) -> list[str]:
    return [step.strip() for step in path.split("/") if step.strip()]


__all__ = [
    "Exported", "FilterRefused", "FolderRefused", "LabelRefused", "Looked", "exported", "look",
    "take_over",
]  # fmt: skip
