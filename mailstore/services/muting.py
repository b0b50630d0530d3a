"""Muted conversations: their new mail goes past the inboxes, into the Archive.

Mail to its reader alone still arrives as always: somebody wants something of them. An inbox is
the one every mailbox has, or the topmost folder that an account's mail comes into; what is sorted
into other folders lies in nobody's way.
"""

from __future__ import annotations

from collections.abc import Iterable

from mailstore.mime import Summary
from mailstore.models import Folder, FolderRole, Message
from mailstore.services import folders


def may_pass(said: Summary) -> bool:
    """Whether a message was written to more than one person, or by no person to many."""
    people = {one.casefold() for one in (*said.to_addresses, *said.cc_addresses)}
    return len(people) != 1 or said.is_bulk or bool(said.list_address)


def put_aside(rows: Iterable[Message]) -> None:
    """Send arriving rows of muted conversations to the Archive instead of an inbox."""
    for row in rows:
        if _is_inbox(row.folder):
            row.folder = folders.special(row.folder.user, FolderRole.ARCHIVE)


def _is_inbox(folder: Folder) -> bool:
    if folder.role:
        return folder.role == FolderRole.INBOX
    return folder.source_id is not None and folder.parent_id is None
