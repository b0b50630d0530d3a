"""manage.py mailbox stats|export|import: what a person has, taken away, brought in."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from filtering.services.importing import import_paths
from lib.operator import AddVerb, Answer, OperatorCommand, OperatorError
from mailstore.models import Folder
from mailstore.services import folders
from mailstore.services.exporting import FORMATS, export
from mailstore.services.folders import FolderNode, FolderRefused


class Command(OperatorCommand):
    help = "Show, export or import a mailbox."
    missing = "There is no user with this address."

    def add_verbs(self, add: AddVerb) -> None:
        """See OperatorCommand."""
        stats = add("stats", self.stats, "Messages, unread and bytes of every folder.")
        stats.add_argument("email")
        leave = add("export", self.export, "Write every message to files, byte for byte.")
        leave.add_argument("email")
        leave.add_argument("--format", choices=FORMATS, default="maildir")
        leave.add_argument("directory", type=Path)
        self._add_import(add("import", self.bring, "Bring in eml and mbox files and maildirs."))

    def _add_import(self, verb: ArgumentParser) -> None:
        verb.add_argument("email")
        verb.add_argument("--folder", default="", help="Where to; “/” leads into a folder.")
        verb.add_argument("paths", type=Path, nargs="+", metavar="path")

    def stats(self, *, email: str, **_: Any) -> Answer:
        """One row a folder, in the order of the tree."""
        return list(_rows(folders.tree(_user(email)), ""))

    def export(self, *, email: str, format: str, directory: Path, **_: Any) -> Answer:
        """Export into a new folder."""
        try:
            done = export(_user(email), format, directory)
        except OSError as error:
            raise OperatorError(f"The export could not be written: {error}") from error
        facts = {"messages": done.messages, "bytes": done.bytes, "folders": done.folders}
        if done.unreadable:
            lost = "\n".join(done.unreadable)
            raise OperatorError(f"Some messages are damaged and were left out:\n{lost}", facts)
        return facts

    def bring(self, *, email: str, folder: str, paths: list[Path], **_: Any) -> Answer:
        """Import files through the incoming door."""
        user = _user(email)
        done = import_paths(
            user,
            paths,
            folder=_folder(user, folder) if folder else None,
            now=timezone.now(),
            limit=settings.MAX_MESSAGE_SIZE,
        )
        facts = {"messages": done.messages, "bytes": done.bytes, "refused": len(done.refused)}
        if done.refused:
            lost = "\n".join(done.refused)
            raise OperatorError(f"Some messages were not imported:\n{lost}", facts)
        return facts


def _user(email: str) -> User:
    return User.objects.get_by_natural_key(email)


def _folder(user: User, path: str) -> Folder:
    first, *rest = path.split("/")
    if first.upper() == "INBOX":
        first = folders.special(user, "inbox").name
    try:
        return folders.ensure_path(user, [first, *rest])
    except FolderRefused as error:
        raise OperatorError(str(error)) from error


def _rows(nodes: list[FolderNode], above: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for node in nodes:
        name = f"{above}{node.folder.name}"
        rows.append(
            {
                "folder": name,
                "role": node.folder.role,
                "messages": node.folder.total,
                "unread": node.folder.unread,
                "bytes": node.folder.size,
            }
        )
        rows += _rows(node.children, f"{name}/")
    return rows
