"""What the settings show about telling this person's browsers of new mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings

from accounts.models import User
from connectivity.models import PushSubscription
from connectivity.services import push_hints
from mailstore.models import FolderRole
from mailstore.services import folders
from mailstore.services.folders import FolderNode
from protocols import webpush

#: Folders nobody is told of, whatever is chosen.
NEVER = frozenset(
    {FolderRole.JUNK, FolderRole.TRASH, FolderRole.DRAFTS, FolderRole.SENT, FolderRole.SNOOZED}
)


@dataclass(frozen=True, slots=True)
class PushCard:
    """The installation's public key, the folders to choose from, and how many browsers listen."""

    key: str
    folders: tuple[FolderNode, ...]
    browsers: int


def push_card(user: User) -> PushCard | None:
    """None where the operator gave no key."""
    if not push_hints.is_available():
        return None
    key = webpush.public_key(webpush.signing_key(settings.VAPID_PRIVATE_KEY))
    offered = tuple(one for one in _walk(folders.tree(user)) if one.folder.role not in NEVER)
    return PushCard(key, offered, PushSubscription.objects.filter(user=user).count())


def _walk(nodes: Iterable[FolderNode]) -> Iterator[FolderNode]:
    for one in nodes:
        yield one
        yield from _walk(one.children)
