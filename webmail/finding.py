"""What stands above the results of a search."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from mailstore.models import Folder
from mailstore.query import Query
from mailstore.services import indexing, saved
from mailstore.services.indexing import Progress
from webmail.find import everything
from webmail.place import ALL, Place
from webmail.said import Chip, chips
from webmail.tree import Tree


@dataclass(frozen=True)
class Results:
    """What was understood, where it is looked for, and how far the index is. ``near`` is the
    folder the search began in, if it began in one."""

    chips: list[Chip]
    near: Folder | None
    near_url: str
    everywhere_url: str
    save_url: str
    progress: Progress | None

    @property
    def done(self) -> str:
        """How many messages are indexed, in words."""
        return str(intcomma(self.progress.done)) if self.progress else ""

    @property
    def total(self) -> str:
        """Of how many, in words."""
        return str(intcomma(self.progress.total)) if self.progress else ""


def results(user: User, place: Place, tree: Tree, wanted: Query) -> Results | None:
    """What `_search_chips.html` shows; None for a list that is no search."""
    if not place.query:
        return None
    near = tree.folders.get(place.folder_id or place.near or 0)
    key = near.pk if near else None
    return Results(
        chips=chips(user, place, wanted),
        near=near,
        near_url=replace(place, where=str(key), near=key).url if key else "",
        everywhere_url=replace(place, where=ALL, near=key).url,
        save_url=f"{reverse('search-new')}?{urlencode({'q': place.query})}",
        progress=indexing.progress(user),
    )


def later(user: User, place: Place, tree: Tree, wanted: Query) -> Any:
    """`results`, found out where and when they are drawn."""
    return SimpleLazyObject(lambda: results(user, place, tree, wanted))


#: Hits are counted so far.
MAX_COUNTED: Final = 10_000


def count(user: User, place: Place, tree: Tree) -> tuple[int | None, str]:
    """How many messages a search finds, as a number (None: too many to count) and in words."""
    found = everything(user, place, tree, counting=True).order_by()[: MAX_COUNTED + 1].count()
    if found > MAX_COUNTED:
        return None, _("More than %s messages") % intcomma(MAX_COUNTED)
    said = ngettext("%(count)s message", "%(count)s messages", found)
    return found, said % {"count": intcomma(found)}


@dataclass(frozen=True)
class Line:
    """A saved search in the folder pane."""

    pk: int
    name: str
    query: str

    @property
    def address(self) -> str:
        """What stands in the address of its results."""
        return urlencode({"q": self.query})


def lines(user: User) -> list[Line]:
    """Somebody's saved searches, for the folder pane."""
    return [Line(one.pk, one.name, one.query) for one in saved.of(user)]
