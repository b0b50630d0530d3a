"""The messages of a place, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import F, QuerySet

from accounts.models import User
from mailstore import conversations, listing, paging, search
from mailstore.listing import Cursor, Filters
from mailstore.models import Message
from mailstore.order import LABELLED, ORDERS, Order, Sort
from mailstore.paging import Line, Page
from mailstore.query import Query
from webmail.counted import COUNTS
from webmail.place import ALL, STARRED, Place
from webmail.tree import Tree

EVERYTHING: Final = Query()
#: With fewer messages in all inboxes together they are sorted rather than picked out of all mail.
FEW = 2000


@dataclass(frozen=True)
class Found:
    """One page: messages in the place's order, the cursor of the next page (empty: this is the
    last), and what a search ``wanted``. ``total`` is how many
    there are in the place, ``at`` where this page begins; None where that is not known."""

    messages: Sequence[Line]
    cursor: str = ""
    wanted: Query = EVERYTHING
    total: int | None = None
    at: int | None = None


def find(
    user: User,
    place: Place,
    tree: Tree,
    *,
    before: str = "",
    at: int = 0,
    threaded: bool = False,
) -> Found:
    """The page of ``place`` that follows the cursor ``before`` or begins at the ``at``-th row;
    one query, and one more to find a row by its number. With ``threaded`` of each conversation
    the newest message that passes the chips."""
    wanted = search.understood(place.query)
    found = _passing(user, place, tree, wanted)
    after, total = Cursor.read(before), _total(place, tree)
    end = total
    if threaded:
        if total is not None:
            key = (user.pk, user.created_at, place.where, place.unread)
            total, is_exact = COUNTS.of(key, found, total)
            end = total if is_exact else None
        found = conversations.heads(found, found)
    page = paging.page(found, _order(place), before=after, at=at, total=end)
    return _told(page, wanted, total, None if after else at)


def _told(page: Page, wanted: Query, total: int | None, at: int | None) -> Found:
    """What is known of a page; the last one tells how many rows there are."""
    if at is not None and page.next_cursor is None and page.rows:
        total = at + len(page.rows)
    return Found(page.rows, str(page.next_cursor or ""), wanted, total, at)


def everything(user: User, place: Place, tree: Tree) -> QuerySet[Message]:
    """All messages of a place that pass its chips, in no order."""
    wanted = search.understood(place.query)
    return _passing(user, place, tree, wanted)


def _passing(user: User, place: Place, tree: Tree, wanted: Query) -> QuerySet[Message]:
    filters = Filters(place.unread, place.starred, place.attachments, place.source)
    return listing.narrowed(_everything(user, place, tree, wanted), filters)


def _order(place: Place) -> Order:
    if place.label_id is not None and place.sort == Sort.NEWEST and not place.query:
        return LABELLED
    return ORDERS[place.sort]


def _total(place: Place, tree: Tree) -> int | None:
    """How many messages there are, where the counters of the folders say so."""
    if place.query or place.starred or place.attachments or place.source is not None:
        return None
    folder = tree.folders.get(place.folder_id or 0)
    if folder is not None:
        return folder.unread if place.unread else folder.total
    if place.where == ALL:
        return tree.unread if place.unread else tree.total
    return None


def folders_of(place: Place, tree: Tree) -> frozenset[int]:
    """The folders whose mail a place shows."""
    if place.folder_id is not None:
        return frozenset({place.folder_id})
    if place.where == ALL:
        return frozenset(one.pk for one in tree.inboxes)
    return frozenset(tree.folders) - set(tree.thrown)


def _everything(user: User, place: Place, tree: Tree, wanted: Query) -> QuerySet[Message]:
    """All messages of a place, before its filters. Of a folder that is not the user's: none."""
    mine = Message.objects.filter(user=user)
    if place.query:
        found = search.matching(user, wanted)
        if place.folder_id is not None:
            return found.filter(folder_id=place.folder_id)
        return found if wanted.names_folder else found.exclude(folder_id__in=tree.thrown)
    if place.folder_id is not None:
        # Without asking for the user again: the index of a folder's list then has everything.
        folders = [place.folder_id] if place.folder_id in tree.folders else []
        return Message.objects.filter(folder_id__in=folders)
    if place.label_id is not None:
        marked = mine.filter(marks__label=place.label_id).exclude(folder_id__in=tree.thrown)
        return marked.annotate(labelled_at=F("marks__sort_at"), labelled=F("marks__message_id"))
    if place.where == STARRED:
        return mine.filter(is_flagged=True).exclude(folder_id__in=tree.thrown)
    return _inboxes(mine, tree)


def _inboxes(mine: QuerySet[Message], tree: Tree) -> QuerySet[Message]:
    """Either a few folders, or all mail but what is put aside, whichever means less to read."""
    inboxes = [one.pk for one in tree.inboxes]
    if len(inboxes) == 1 or tree.total <= FEW:
        return Message.objects.filter(folder_id__in=inboxes)
    return mine.exclude(folder_id__in=tree.aside)
