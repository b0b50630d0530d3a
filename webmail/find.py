"""The messages of a place, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from mailstore import listing, query, search
from mailstore.listing import Cursor, Filters
from mailstore.models import Message
from mailstore.query import Query
from webmail.place import STARRED, Place
from webmail.tree import Tree


@dataclass(frozen=True)
class Found:
    """One page: messages newest first, the cursor of the next page (empty: this is the last),
    and in words what a search understood besides plain terms."""

    messages: Sequence[Message]
    cursor: str = ""
    understood: Sequence[str] = ()


def find(user: User, place: Place, tree: Tree, *, before: str = "") -> Found:
    """The page of ``place`` that follows the cursor ``before``; one query."""
    wanted = query.parse(place.query, zone=timezone.get_current_timezone())
    filters = Filters(place.unread, place.starred, place.attachments, place.source)
    found = listing.narrowed(_everything(user, place, tree, wanted), filters)
    page = listing.cut(found, before=Cursor.read(before), size=listing.PAGE)
    cursor = str(page.next_cursor) if page.next_cursor else ""
    return Found(page.rows, cursor, understood(wanted))


def _everything(user: User, place: Place, tree: Tree, wanted: Query) -> QuerySet[Message]:
    """All messages of a place, before its filters."""
    found = search.matching(user, wanted) if place.query else Message.objects.filter(user=user)
    if place.folder_id is not None:
        return found.filter(folder_id=place.folder_id)
    if place.query:
        return found if wanted.folder else found.exclude(folder_id__in=tree.thrown)
    if place.where == STARRED:
        return found.filter(is_flagged=True).exclude(folder_id__in=tree.thrown)
    return found.exclude(folder_id__in=tree.aside)


def understood(wanted: Query) -> list[str]:
    """The operators of a search, in words."""
    words = []
    form = pgettext("day of another year in a list", "j M Y")
    if wanted.is_seen is not None:
        words.append(_("read") if wanted.is_seen else _("unread"))
    if wanted.is_flagged is not None:
        words.append(_("starred") if wanted.is_flagged else _("not starred"))
    if wanted.has_attachments is not None:
        words.append(_("with attachments") if wanted.has_attachments else _("without attachments"))
    if wanted.folder:
        words.append(_("in %s") % wanted.folder)
    if wanted.since:
        words.append(_("from %s on") % date_format(wanted.since, form))
    if wanted.until:
        words.append(_("before %s") % date_format(wanted.until, form))
    labels = {
        "sender": _("from “%s”"),
        "recipients": _("to “%s”"),
        "subject": _("subject “%s”"),
        "files": _("file “%s”"),
    }
    words += [
        labels[one.field] % " ".join(one.words) for one in wanted.terms if one.field in labels
    ]
    words += [_("without “%s”") % " ".join(one.words) for one in wanted.without]
    return words
