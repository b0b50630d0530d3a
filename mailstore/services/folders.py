"""Folders of a user: made, found, renamed, moved."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from lib import live
from mailstore.models import Folder, FolderRole, Source
from mailstore.services import locks
from mailstore.text import one_line

MAX_NAME = 255
MAX_DEPTH = 100
# The folder of what is snoozed is made with the first message in it.
ORDER = list(FolderRole)


class FolderRefused(Exception):
    """A folder cannot be made or changed as asked; `str()` may be shown to the user."""


@dataclass(frozen=True, slots=True)
class FolderNode:
    """A folder in the tree, with the folders under it in their order."""

    folder: Folder
    depth: int
    children: "list[FolderNode]" = field(default_factory=list)


def special(user: User, role: str) -> Folder:
    """The user's folder of that special use; made if missing."""
    role = FolderRole(role)
    found = Folder.objects.filter(user=user, role=role).first()
    if found is not None:
        return found
    with transaction.atomic():
        locks.hold(user.pk)
        found = Folder.objects.filter(user=user, role=role).first()
        name = _free_name(user, None, str(FolderRole(role).label))
        return found or Folder.objects.create(user=user, name=name, role=role)


def provision(user: User) -> list[Folder]:
    """All folders that every user has from the first day, in the order they are shown."""
    wanted = [role for role in ORDER if role != FolderRole.SNOOZED]
    found = _by_role(user)
    if not found.keys() >= set(wanted):
        with transaction.atomic():
            locks.hold(user.pk)
            found = _by_role(user)
            taken = _names_under(user, None)
            missing = [
                Folder(user=user, name=_free(str(role.label), taken), role=role)
                for role in wanted
                if role not in found
            ]
            found |= {one.role: one for one in Folder.objects.bulk_create(missing)}
    return [found[role] for role in wanted]


def _by_role(user: User) -> dict[str, Folder]:
    return {one.role: one for one in Folder.objects.filter(user=user).exclude(role="")}


def ensure_path(
    user: User, names: Sequence[str], *, parent: Folder | None = None, source: Source | None = None
) -> Folder:
    """The folder `names` leads to under `parent`, each step made if missing.

    Names are compared by letter case and a "/" in one is only a character. Steps that are made
    carry `source`. Raises FolderRefused for an empty path or one that is too deep.
    """
    if not names or len(names) > MAX_DEPTH:
        raise FolderRefused(_("This folder path is too deep."))
    folder = parent
    with transaction.atomic():
        locks.hold(user.pk)
        for name in names:
            folder = _ensure(user, folder, _named(name), source)
    assert folder is not None  # noqa: S101 - names is not empty
    return folder


def _ensure(user: User, parent: Folder | None, name: str, source: Source | None) -> Folder:
    found = Folder.objects.filter(user=user, parent=parent, name=name).first()
    return found or Folder.objects.create(user=user, parent=parent, name=name, source=source)


def _named(name: str) -> str:
    name = one_line(name, MAX_NAME)
    if not name:
        raise FolderRefused(_("Please give the folder a name."))
    return name


def _free_name(user: User, parent: Folder | None, name: str) -> str:
    return _free(name, _names_under(user, parent))


def _names_under(user: User, parent: Folder | None) -> set[str]:
    return set(Folder.objects.filter(user=user, parent=parent).values_list("name", flat=True))


def _free(name: str, taken: set[str]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name} {number}", number + 1
    return free


def create(user: User, *, parent: Folder | None, name: str) -> Folder:
    """A new folder. Raises FolderRefused where the name is empty or taken."""
    name = _named(name)
    if parent is not None and len(path(parent)) >= MAX_DEPTH:
        raise FolderRefused(_("This folder path is too deep."))
    try:
        with transaction.atomic():
            locks.hold(user.pk)
            live.changed(user.pk)
            return Folder.objects.create(user=user, parent=parent, name=name)
    except IntegrityError as error:
        raise FolderRefused(_("There is already a folder “%s” here.") % name) from error


def rename(folder: Folder, name: str) -> None:
    """Give an own folder another name. Raises FolderRefused."""
    place(folder, folder.parent, name)


def move(folder: Folder, parent: Folder | None) -> None:
    """Put an own folder under another, or at the root. Raises FolderRefused."""
    place(folder, parent, folder.name)


def own(folder: Folder) -> None:
    """Refuse a folder that every mailbox has. Raises FolderRefused."""
    if folder.role:
        raise FolderRefused(_("“%s” belongs to every mailbox and stays as it is.") % folder.label)


def place(folder: Folder, parent: Folder | None, name: str) -> None:
    """Put an own folder under another (None: at the root) with this name. Raises FolderRefused."""
    own(folder)
    name = _named(name)
    try:
        with transaction.atomic():
            locks.hold(folder.user_id)
            # Under the lock: two moves at once could make a circle that none alone does.
            above = path(parent) if parent is not None else []
            if folder in above:
                raise FolderRefused(_("A folder cannot be moved into itself."))
            if len(above) >= MAX_DEPTH:
                raise FolderRefused(_("This folder path is too deep."))
            Folder.objects.filter(pk=folder.pk).update(name=name, parent=parent)
            locks.count(folder.pk)
    except IntegrityError as error:
        raise FolderRefused(_("There is already a folder “%s” here.") % name) from error
    folder.name, folder.parent = name, parent


def look(
    folder: Folder,
    *,
    color: int | None = None,
    is_favourite: bool | None = None,
    is_hidden: bool | None = None,
) -> None:
    """Change how a folder is shown; None leaves one alone. A special one is never hidden."""
    wanted = {"color": color, "is_favourite": is_favourite, "is_hidden": is_hidden}
    changes = {name: value for name, value in wanted.items() if value is not None}
    if folder.role:
        changes.pop("is_hidden", None)
    with transaction.atomic():
        locks.hold(folder.user_id)
        Folder.objects.filter(pk=folder.pk).update(**changes)
        locks.count(folder.pk)
    for name, value in changes.items():
        setattr(folder, name, value)


def notify(user: User, wanted: Collection[int]) -> None:
    """Have browsers told of new mail in these of the user's folders, and in no others."""
    with transaction.atomic():
        locks.hold(user.pk)
        mine = Folder.objects.filter(user=user)
        mine.filter(notifies=True).exclude(pk__in=wanted).update(notifies=False)
        mine.filter(notifies=False, pk__in=wanted).update(notifies=True)


def descendants(folder: Folder) -> list[Folder]:
    """The folder and everything under it, counters fresh."""
    everything = list(Folder.objects.filter(user_id=folder.user_id))
    found = [one for one in everything if one.pk == folder.pk]
    for parent in found:
        found += [one for one in everything if one.parent_id == parent.pk]
    return found


def path(folder: Folder) -> list[Folder]:
    """From the root to the folder itself."""
    by_id = {one.pk: one for one in Folder.objects.filter(user_id=folder.user_id)}
    steps: list[Folder] = []
    at: Folder | None = by_id.get(folder.pk)
    while at is not None:
        steps.insert(0, at)
        at = by_id.get(at.parent_id) if at.parent_id else None
    return steps


def tree(user: User) -> list[FolderNode]:
    """The user's folders: those with a special use first, the rest by name; one query."""
    everything = list(Folder.objects.filter(user=user).select_related("source"))
    everything.sort(key=lambda one: (_place(one), one.name.casefold(), one.pk))
    nodes: dict[int, FolderNode] = {}
    roots: list[FolderNode] = []
    waiting = everything
    while waiting:
        later: list[Folder] = []
        for one in waiting:
            above = nodes.get(one.parent_id or 0)
            if one.parent_id and above is None:
                later.append(one)
                continue
            node = nodes[one.pk] = FolderNode(one, above.depth + 1 if above else 0)
            (above.children if above else roots).append(node)
        if len(later) == len(waiting):
            break
        waiting = later
    return roots


def _place(folder: Folder) -> int:
    return ORDER.index(FolderRole(folder.role)) if folder.role else len(ORDER)
