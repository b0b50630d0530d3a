"""The top of a list: what it is called and what it says when there is nothing in it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from mailstore.models import Folder, FolderRole, Label
from webmail.place import STARRED, Place
from webmail.tree import ICONS, Tree


@dataclass(frozen=True)
class Heading:
    """The top of a list: its name, its numbers, and what it says when it is empty."""

    title: str | Promise
    total: int | None = None
    unread: int = 0
    empty: str | Promise = ""
    icon: str = "inbox"


EMPTY = {
    FolderRole.INBOX: _("Nothing left to read. New mail appears here by itself."),
    FolderRole.SNOOZED: _("Nothing snoozed. What you put off comes back by itself."),
    FolderRole.DRAFTS: _("No drafts. What you start to write is kept here."),
    FolderRole.SENT: _("Nothing sent yet."),
    FolderRole.ARCHIVE: _("The archive is empty. Archived messages stay here and can be searched."),
    FolderRole.JUNK: _("No junk. Messages you report as junk move here."),
    FolderRole.TRASH: _("Deleted Items is empty."),
}


def heading(user: User, tree: Tree, place: Place, *, drafts: int) -> Heading:
    """The heading of a place; 404 for a folder or label that is not the user's."""
    if place.query:
        said = _("No message matches. Fewer or shorter words find more.")
        return Heading(_("Search"), empty=said, icon="search")
    if place.where == STARRED:
        said = _("No starred messages. A star keeps a message at hand.")
        return Heading(_("Starred"), empty=said, icon="star")
    if place.label_id is not None:
        return _of_label(user, place.label_id)
    if place.folder_id is None:
        said = EMPTY[FolderRole.INBOX]
        return Heading(_("All inboxes"), tree.total, tree.unread, said, "confluence")
    folder = tree.folders.get(place.folder_id)
    if folder is None:
        raise Http404
    return _of_folder(folder, drafts)


def _of_folder(folder: Folder, drafts: int) -> Heading:
    if not folder.role:
        said = _("No messages in this folder.")
        return Heading(folder.name, folder.total, folder.unread, said, "folder")
    role = FolderRole(folder.role)
    total = folder.total + (drafts if role == FolderRole.DRAFTS else 0)
    return Heading(role.label, total, folder.unread, EMPTY[role], ICONS[role])


def _of_label(user: User, pk: int) -> Heading:
    label = Label.objects.filter(user=user, pk=pk).first()
    if label is None:
        raise Http404
    return Heading(label.name, empty=_("No message bears this label."), icon="tag")
