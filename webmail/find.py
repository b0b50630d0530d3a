"""The messages of a place, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

from django.db.models import F, QuerySet

from accounts.models import User
from mailstore import conversations, listing, paging, search
from mailstore.listing import Cursor, Filters
from mailstore.models import Message
from mailstore.order import LABELLED, ORDERS, Order, Sort
from mailstore.paging import Line, Often, Page
from mailstore.query import Query
from webmail.counted import COUNTS
from webmail.place import ALL, STARRED, Place
from webmail.positions import LARGEST, NEAR, POSITIONS
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
    found, messages = _passing(user, place, tree, wanted), _total(place, tree)
    folder, after = _single(place, tree), Cursor.read(before)
    total, start, end = messages, at, messages
    if threaded and messages is not None:
        key = (user.pk, user.created_at, place.where, place.unread)
        total, is_exact = COUNTS.of(key, found, messages)
        end = total if is_exact else None
    plain = place.sort == Sort.NEWEST and not place.is_filtered and (messages or 0) <= LARGEST
    if threaded and at > NEAR and plain and folder is not None and messages is not None:
        # Which message that is. Those that head no conversation are left out by `way`.
        start, end = POSITIONS.of(folder, messages, at), messages
    elif threaded:
        found = conversations.heads(found, found)
    way = _often(place, folder, threaded=threaded)
    page = paging.page(found, _order(place), before=after, at=start, total=end, often=way)
    return _told(page, wanted, total, None if after else at)


def _single(place: Place, tree: Tree) -> int | None:
    """The folder, where a list is of just one; None for a search."""
    if place.query:
        return None
    if place.where == ALL and len(tree.inboxes) == 1:
        return tree.inboxes[0].pk
    return place.folder_id if place.folder_id in tree.folders else None


def _often(
    place: Place, folder: int | None, *, threaded: bool
) -> Callable[[int, Cursor | None], Sequence[tuple[Any, ...]]] | None:
    """The quicker way to the rows of a folder."""
    if folder is None or place.source is not None or _order(place).key is not None:
        return None
    filters = Filters(place.unread, place.starred, place.attachments)
    return partial(_of_folder(filters, place.sort, threaded).rows, folder)


@cache
def _of_folder(filters: Filters, sort: Sort, threaded: bool) -> Often:
    def rows(folder: int) -> QuerySet[Message]:
        found = listing.narrowed(Message.objects.filter(folder=folder), filters)
        return conversations.heads(found, found) if threaded else found

    return Often(rows, ORDERS[sort])


def _told(page: Page, wanted: Query, total: int | None, at: int | None) -> Found:
    """What is known of a page; the last one tells how many rows there are."""
    if at is not None and page.next_cursor is None and page.rows:
        total = at + len(page.rows)
    return Found(page.rows, str(page.next_cursor or ""), wanted, total, at)


def everything(
    user: User, place: Place, tree: Tree, *, counting: bool = False
) -> QuerySet[Message]:
    """All messages of a place that pass its chips, in no order. ``counting``: see
    `search.matching`."""
    wanted = search.understood(place.query)
    return _passing(user, place, tree, wanted, counting=counting)


def _passing(
    user: User, place: Place, tree: Tree, wanted: Query, *, counting: bool = False
) -> QuerySet[Message]:
    filters = Filters(place.unread, place.starred, place.attachments, place.source)
    return listing.narrowed(_everything(user, place, tree, wanted, counting=counting), filters)


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


def _everything(
    user: User, place: Place, tree: Tree, wanted: Query, *, counting: bool
) -> QuerySet[Message]:
    """All messages of a place, before its filters. Of a folder that is not the user's: none."""
    if place.query:
        found = search.matching(user, wanted, folder=place.folder_id, counting=counting)
        if place.folder_id is not None:
            return found
        return found if wanted.names_folder else found.exclude(folder_id__in=tree.thrown)
    if place.folder_id is not None:
        # Without asking for the user again: the index of a folder's list then has everything.
        folders = [place.folder_id] if place.folder_id in tree.folders else []
        return Message.objects.filter(folder_id__in=folders)
    mine = Message.objects.filter(user=user)
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
