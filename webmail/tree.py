"""The folder tree as the mail screen draws it (pure: rows in, nodes out)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from django.utils.functional import Promise

from mailstore.models import Folder, FolderRole

ICONS: Final = {
    FolderRole.INBOX: "inbox",
    FolderRole.SNOOZED: "clock",
    FolderRole.DRAFTS: "drafts",
    FolderRole.SENT: "send",
    FolderRole.ARCHIVE: "archive",
    FolderRole.JUNK: "spam",
    FolderRole.TRASH: "trash",
}
#: Special folders in the order the tree shows them.
ORDER: Final = tuple(ICONS)
#: Folders whose mail is not part of "All inboxes".
QUIET: Final = frozenset(
    {
        FolderRole.SNOOZED,
        FolderRole.DRAFTS,
        FolderRole.SENT,
        FolderRole.ARCHIVE,
        FolderRole.JUNK,
        FolderRole.TRASH,
    }
)
MAX_DEPTH: Final = 8


@dataclass(frozen=True)
class Node:
    """One line of the tree. ``count`` is what stands at its end: unread, or all for `PLAIN`."""

    PLAIN: ClassVar = frozenset({FolderRole.DRAFTS, FolderRole.SNOOZED})

    folder: Folder
    name: str | Promise
    icon: str
    depth: int = 0
    count: int = 0
    has_children: bool = False
    path: str = ""

    @property
    def depth_class(self) -> str:
        return f"depth-{min(self.depth, MAX_DEPTH)}"

    @property
    def colour_class(self) -> str:
        """The class of the colour its owner gave it, if any."""
        return f"tree__item--own a{self.folder.color}" if self.folder.color else ""


@dataclass(frozen=True)
class Tree:
    """All folders of a user, ready to draw and to look names up in."""

    special: tuple[Node, ...]
    own: tuple[Node, ...]
    #: Those pinned on top, which stand in their own place too.
    favourites: tuple[Node, ...] = ()
    #: Those folded away at the end, with what lies under them.
    hidden: tuple[Node, ...] = ()
    folders: dict[int, Folder] = field(default_factory=dict)
    #: Folders that "All inboxes" leaves out.
    aside: frozenset[int] = frozenset()

    @property
    def unread(self) -> int:
        """Unread messages in "All inboxes"."""
        return sum(one.unread for one in self.inboxes)

    @property
    def total(self) -> int:
        """Messages in "All inboxes"."""
        return sum(one.total for one in self.inboxes)

    @property
    def inboxes(self) -> list[Folder]:
        return [one for one in self.folders.values() if one.pk not in self.aside]

    @property
    def version(self) -> int:
        """Changes whenever any message or counter of the user changes."""
        return version_of(sum(one.modseq for one in self.folders.values()), len(self.folders))

    @property
    def thrown(self) -> list[int]:
        """Junk and Deleted Items: searched only when named."""
        away = {FolderRole.JUNK, FolderRole.TRASH}
        return [one.pk for one in self.folders.values() if one.role in away]

    def role(self, role: FolderRole) -> Folder | None:
        return next((one for one in self.folders.values() if one.role == role), None)

    @property
    def hidden_ids(self) -> set[int]:
        """The keys of the folders that are folded away."""
        return {one.folder.pk for one in self.hidden}

    @property
    def targets(self) -> list[Node]:
        """Folders a message can be moved to."""
        # Messages come into these by being written or put off, not by being moved.
        special = [one for one in self.special if one.folder.role not in Node.PLAIN]
        return [*special, *self.own, *self.hidden]


def version_of(changes: int, folders: int) -> int:
    """A number for the state of a mailbox, from the sum of its folders' sequences."""
    return changes * 4096 + folders % 4096


def build(folders: Iterable[Folder], *, aside: Iterable[int] = (), drafts: int = 0) -> Tree:
    """Arrange folders: special ones in their fixed order, the others as an alphabetic tree.

    ``aside`` are folders whose mail does not belong to "All inboxes", besides the special ones;
    what lies under them does not either. ``drafts`` counts what is being written.

    Folders under a special folder follow it indented. A folder whose parent is missing or that
    lies in a circle is shown at the root rather than lost.
    """
    known = {one.pk: one for one in folders}
    children: dict[int | None, list[Folder]] = defaultdict(list)
    for one in known.values():
        children[one.parent_id if one.parent_id in known else None].append(one)
    for group in children.values():
        group.sort(key=lambda one: (one.name.casefold(), one.pk))
    seen: set[int] = set()
    apart = set(aside) | {one.pk for one in known.values() if one.role in QUIET}

    def walk(folder: Folder, depth: int, above: str) -> list[Node]:
        if folder.pk in seen:
            return []
        seen.add(folder.pk)
        below = children.get(folder.pk, [])
        path = f"{above} / {folder.label}" if above else folder.label
        nodes = [_node(folder, depth, bool(below), path, drafts)]
        for child in below:
            if folder.pk in apart:
                apart.add(child.pk)
            nodes += walk(child, depth + 1, path)
        return nodes

    special: list[Node] = []
    for role in ORDER:
        for one in children[None]:
            if one.role == role:
                special += walk(one, 0, "")
    own: list[Node] = []
    for one in [*children[None], *known.values()]:
        own += walk(one, 0, "")
    shown, hidden = _hidden_apart(own)
    pinned = [one for one in [*special, *own] if one.folder.is_favourite]
    favourites = [replace(one, depth=0, has_children=False) for one in pinned]
    return Tree(tuple(special), shown, tuple(favourites), hidden, known, frozenset(apart))


def _hidden_apart(nodes: Iterable[Node]) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """The lines that are shown, and those that are hidden with what lies under them."""
    shown: list[Node] = []
    hidden: list[Node] = []
    top: int | None = None
    for one in nodes:
        if top is not None and one.depth <= top:
            top = None
        if top is None and one.folder.is_hidden:
            top = one.depth
        if top is None:
            shown.append(one)
        else:
            hidden.append(replace(one, depth=one.depth - top))
    return tuple(shown), tuple(hidden)


def _node(folder: Folder, depth: int, has_children: bool, path: str, drafts: int) -> Node:
    if not folder.role:
        return Node(folder, folder.name, "folder", depth, folder.unread, has_children, path)
    role = FolderRole(folder.role)
    count = folder.total if role in Node.PLAIN else folder.unread
    count += drafts if role == FolderRole.DRAFTS else 0
    count = 0 if role in {FolderRole.SENT, FolderRole.TRASH} else count
    return Node(folder, role.label, ICONS[role], depth, count, has_children, str(role.label))
