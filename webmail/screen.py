"""Putting the mail screen together: tree, list and reading pane, in few queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from lib.days import short_time
from mailstore.models import Folder, FolderRole, Source
from retrieval.models import RemoteFolder
from smtp_accounts.services import drafts, marks, waiting
from webmail import rows as lines
from webmail import tree
from webmail.find import Found, find
from webmail.place import ALL, STARRED, Place


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


@dataclass(frozen=True)
class Desk:
    """What every part of the screen needs, read once. ``drafts`` counts what is being written,
    ``waiting`` the outbox, ``attention`` what of it needs the user."""

    user: User
    tree: tree.Tree
    sources: dict[int, Source]
    drafts: int
    waiting: int
    attention: int

    def counts(self) -> dict[str, int]:
        """The number at the end of each line of the tree."""
        found = {str(one.folder.pk): one.count for one in [*self.tree.special, *self.tree.own]}
        return {ALL: self.tree.unread, **found}


def desk(user: User) -> Desk:
    """Six queries: folders, which of them hold no incoming mail elsewhere, sources, drafts, and
    the outbox twice."""
    # The other server's Sent, Junk and so on are no inboxes here either.
    aside = (
        RemoteFolder.objects.filter(task__user=user, local__isnull=False)
        .exclude(role__in=["", FolderRole.INBOX])
        .values_list("local_id", flat=True)
    )
    written = drafts.count(user)
    folders = tree.build(
        Folder.objects.filter(user=user).select_related("source"),
        aside=[pk for pk in aside if pk is not None],
        drafts=written,
    )
    sources = {one.pk: one for one in Source.objects.filter(user=user).order_by("name", "pk")}
    return Desk(user, folders, sources, written, waiting.count(user), waiting.attention(user))


def tree_context(found: Desk, place: Place) -> dict[str, Any]:
    """Everything the folder pane shows."""
    return {
        "tree": found.tree,
        "place": place,
        "waiting": found.waiting,
        "attention": found.attention,
    }


def heading(found: Desk, place: Place) -> Heading:
    """The heading of a place; 404 for a folder that is not the user's."""
    if place.query:
        return Heading(
            _("Search"),
            empty=_("No message matches. Fewer or shorter words find more."),
            icon="search",
        )
    if place.where == STARRED:
        return Heading(
            _("Starred"),
            empty=_("No starred messages. A star keeps a message at hand."),
            icon="star",
        )
    if place.folder_id is None:
        return Heading(
            _("All inboxes"),
            found.tree.total,
            found.tree.unread,
            EMPTY[FolderRole.INBOX],
            "confluence",
        )
    folder = found.tree.folders.get(place.folder_id)
    if folder is None:
        raise Http404
    if not folder.role:
        return Heading(
            folder.name, folder.total, folder.unread, _("No messages in this folder."), "folder"
        )
    role = FolderRole(folder.role)
    total = folder.total + (found.drafts if role == FolderRole.DRAFTS else 0)
    return Heading(role.label, total, folder.unread, EMPTY[role], tree.ICONS[role])


def list_context(found: Desk, place: Place, before: str = "") -> dict[str, Any]:
    """Everything the list pane shows."""
    today = timezone.localdate()
    page: Found = find(found.user, place, found.tree, before=before)
    shown = lines.rows(
        page.messages,
        place=place,
        folders=found.tree.folders,
        sources=found.sources,
        marks=marks.of(found.user, _not_in_inboxes(found, page)),
        today=today,
    )
    role = _role(found, place)
    return {
        **tree_context(found, place),
        **_chips(found, place),
        "heading": heading(found, place),
        "role": role,
        "days": lines.by_day(shown),
        "more": place.with_cursor(page.cursor) if page.cursor else "",
        "understood": page.understood,
        "drafts": [
            (one, short_time(timezone.localtime(one.changed_at), today))
            for one in drafts.open_drafts(found.user)
        ]
        if role == FolderRole.DRAFTS and not before
        else (),
    }


def _not_in_inboxes(found: Desk, page: Found) -> list[int]:
    """The messages of a page that may have been sent from here."""
    inboxes = {one.pk for one in found.tree.folders.values() if one.role == FolderRole.INBOX}
    return [one.pk for one in page.messages if one.folder_id not in inboxes]


def _chips(found: Desk, place: Place) -> dict[str, Any]:
    """The filters above a list and where each leads."""
    links = [{"source": one, "url": place.from_source(one.pk)} for one in found.sources.values()]
    return {
        "unread_url": place.toggled("unread"),
        "starred_url": place.toggled("starred"),
        "attachments_url": place.toggled("attachments"),
        "any_source_url": place.from_source(None),
        "sources": bool(links),
        "source_links": links,
        "source": found.sources.get(place.source or 0),
    }


def pane(user: User, context: dict[str, Any]) -> dict[str, Any]:
    """What the reading pane needs beside the message itself."""
    return {"today": timezone.localdate(), "now": timezone.localtime(), **context}


def show(request: HttpRequest, place: Place, reading: dict[str, Any] | None = None) -> HttpResponse:
    """The whole screen, or the one part of it the page asks for by ``X-Part``."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - LoginRequiredMiddleware saw to it
    found = desk(user)
    part = request.headers.get("X-Part")
    before = request.GET.get("before", "")
    context = list_context(found, place, before)
    if part == "rows":
        answer = render(request, "webmail/_rows.html", context)
    elif part == "list":
        answer = render(request, "webmail/_list.html", context)
    else:
        answer = render(request, "webmail/mail.html", pane(user, {**context, **(reading or {})}))
    answer["Cache-Control"] = "no-store"
    answer["Vary"] = "X-Part, Cookie"
    return answer


def _role(found: Desk, place: Place) -> str:
    folder = found.tree.folders.get(place.folder_id or 0)
    return folder.role if folder else ""
