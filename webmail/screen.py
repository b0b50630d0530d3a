"""Putting the mail screen together: tree, list and reading pane, in few queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from lib.days import short_time
from lib.prepared import Prepared
from mailstore.models import Folder, FolderRole, Source
from mailstore.services import labels
from retrieval.models import RemoteFolder
from smtp_accounts.services import drafts
from webmail import finding, tree
from webmail import rows as lines
from webmail.beside import beside
from webmail.chips import chips, sorts
from webmail.context import know
from webmail.figures import Figures, figures
from webmail.find import Found, find, folders_of
from webmail.heading import Heading, heading
from webmail.modes import in_conversations
from webmail.place import ALL, Place
from webmail.row_html import draw, with_hits
from webmail.squeezing import squeeze
from webmail.tree_shape import shape


@dataclass(frozen=True)
class Desk:
    """What every part of the screen needs, read once."""

    user: User
    tree: tree.Tree
    sources: dict[int, Source]
    figures: Figures

    def counts(self) -> dict[str, int]:
        """The number at the end of each line of the tree."""
        nodes = [*self.tree.special, *self.tree.own, *self.tree.hidden]
        found = {str(one.folder.pk): one.count for one in nodes}
        return {ALL: self.tree.unread, **found}


def _folders(user: int) -> QuerySet[Folder, Any]:
    # The other server's Sent, Junk and so on are no inboxes here either.
    elsewhere = RemoteFolder.objects.filter(task__user=user, local=OuterRef("pk"))
    aside = Exists(elsewhere.exclude(role__in=["", FolderRole.INBOX]))
    found = Folder.objects.filter(user=user).annotate(aside=aside)
    return found.values_list(*_OF_FOLDER, "aside")


def _sources(user: int) -> QuerySet[Source, Any]:
    return Source.objects.filter(user=user).order_by("name", "pk").values_list(*_OF_SOURCE)


def _version(user: int) -> QuerySet[Folder, Any]:
    found = Folder.objects.filter(user=user).order_by().values("user")
    return found.annotate(changes=Sum("modseq"), count=Count("pk")).values_list("changes", "count")


_OF_FOLDER: Final = [one.attname for one in Folder._meta.concrete_fields]
_OF_SOURCE: Final = [one.attname for one in Source._meta.concrete_fields]
_FOLDERS: Final = Prepared(_folders, int)
_SOURCES: Final = Prepared(_sources, int)
_VERSION: Final = Prepared(_version, int)


def version(user: User) -> int:
    """`Tree.version` as it is now; one small query."""
    return next((tree.version_of(*row) for row in _VERSION.rows(user.pk)), 0)


def desk(user: User) -> Desk:
    """Three queries: folders and which of them hold no incoming mail elsewhere, sources, and the
    numbers of drafts, outbox and notices."""
    rows = _SOURCES.rows(user.pk)
    sources = {one.pk: one for one in (Source.from_db("default", _OF_SOURCE, row) for row in rows)}
    known = figures(user)
    return Desk(user, _tree(user, sources, known.drafts), sources, known)


def tree_of(user: User) -> tree.Tree:
    """Somebody's folders where nobody sees them: without their sources and the number of drafts.
    One query."""
    return _tree(user, {}, 0)


def _tree(user: User, sources: Mapping[int, Source], drafts: int) -> tree.Tree:
    folders, aside = [], []
    for *values, is_aside in _FOLDERS.rows(user.pk):
        one = Folder.from_db("default", _OF_FOLDER, values)
        source = sources.get(one.source_id or 0)
        if source is not None:
            one.source = source
        folders.append(one)
        aside += [one.pk] if is_aside else []
    return tree.build(folders, aside=aside, drafts=drafts)


def tree_context(found: Desk, place: Place) -> dict[str, Any]:
    """Everything the folder pane shows."""
    # Asked for only where the tree is drawn.
    marks: Any = SimpleLazyObject(partial(labels.everyone, found.user))
    searches: Any = SimpleLazyObject(partial(finding.lines, found.user))
    marks = marks if found.figures.labels else ()
    searches = searches if found.figures.searches else ()
    return {
        "tree": found.tree,
        "tree_shape": partial(shape, found.tree, found.figures, marks, searches),
        "labels": marks,
        "saved_searches": searches,
        "place": place,
        "waiting": found.figures.waiting,
        "attention": found.figures.attention,
        "reminders": found.figures.reminders,
    }


def rows_context(
    found: Desk,
    place: Place,
    before: str = "",
    at: int = 0,
    *,
    known: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The lines of one page, drawn but for those that are ``known``, and where the next one is."""
    role = _role(found, place)
    threaded = in_conversations(found.user, place, role)
    page = find(found.user, place, found.tree, before=before, at=at, threaded=threaded)
    within = folders_of(place, found.tree) if threaded else None
    shown = lines.rows(
        page.messages,
        place=place,
        folders=found.tree.folders,
        sources=found.sources,
        beside=beside(found.user, found.tree, found.figures, page.messages, within),
        now=timezone.now(),
    )
    return {
        "found": page,
        "threaded": threaded,
        "rows": draw(shown, shown=with_hits(page.wanted) if place.query else None, known=known),
        "more": place.with_cursor(page.cursor) if page.cursor else "",
    }


def list_context(
    found: Desk,
    place: Place,
    before: str = "",
    at: int = 0,
    *,
    known: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Everything the list pane shows. 404 for a place that is not the user's."""
    today = timezone.localdate()
    role = _role(found, place)
    drawn = rows_context(found, place, before, at, known=known)
    head = _heading(found, place)
    return {
        **tree_context(found, place),
        **chips(place, found.sources),
        **drawn,
        "search": finding.later(found.user, place, found.tree, drawn["found"].wanted),
        "heading": head,
        "role": role,
        "sorts": sorts(place),
        "draft_rows": [
            (one, short_time(timezone.localtime(one.changed_at), today))
            for one in drafts.open_drafts(found.user)
        ]
        if role == FolderRole.DRAFTS and not before
        else (),
    }


def pane(user: User, context: dict[str, Any]) -> dict[str, Any]:
    """What the reading pane needs beside the message itself."""
    return {"today": timezone.localdate(), "now": timezone.localtime(), **context}


_TEMPLATES: Final = {"rows": "webmail/_rows.html", "list": "webmail/_list.html"}


def show(request: HttpRequest, place: Place, reading: dict[str, Any] | None = None) -> HttpResponse:
    """The whole screen, or the one part of it the page asks for by ``X-Part``.

    ``before`` or ``at`` in the address choose the page of the list; what is known of it is told
    in headers: X-Total, X-At, X-Next, X-Version.
    """
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - LoginRequiredMiddleware saw to it
    found = desk(user)
    know(request, found.figures)
    part = request.headers.get("X-Part")
    before, at = request.GET.get("before", ""), _number(request.GET.get("at", ""))
    if part == "rows":
        _heading(found, place)  # of a place that is not the user's there are none
        context = rows_context(found, place, before, at)
    else:
        context = list_context(found, place, before, at)
    if part not in ("rows", "list"):
        context = pane(user, {**context, **(reading or {})})
    answer = render(request, _TEMPLATES.get(part or "", "webmail/mail.html"), context)
    _tell(answer, context["found"], found.tree)
    answer["Cache-Control"] = "no-store"
    answer["Vary"] = "X-Part, Cookie"
    if reading is None:
        squeeze(request, answer)
    return answer


def _heading(found: Desk, place: Place) -> Heading:
    return heading(found.user, found.tree, place, drafts=found.figures.drafts)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _tell(answer: HttpResponse, page: Found, known: tree.Tree) -> None:
    """What a script needs to know of a page; what is not known is left out."""
    answer["X-Version"] = str(known.version)
    if page.total is not None:
        answer["X-Total"] = str(page.total)
    if page.at is not None:
        answer["X-At"] = str(page.at)
    if page.cursor:
        answer["X-Next"] = page.cursor


def _role(found: Desk, place: Place) -> str:
    folder = found.tree.folders.get(place.folder_id or 0)
    return folder.role if folder else ""
