"""The filters above a list and the orders it can be in, and where each of them leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from mailstore.models import Source
from mailstore.order import Sort
from webmail.place import Place

SORTS: Final = {
    Sort.NEWEST: _("Newest first"),
    Sort.OLDEST: _("Oldest first"),
    Sort.UNREAD: _("Unread first"),
    Sort.SENDER: _("Sender"),
    Sort.SUBJECT: _("Subject"),
    Sort.SIZE: _("Largest first"),
}


def chips(place: Place, sources: Mapping[int, Source]) -> dict[str, Any]:
    """What `_chips.html` shows."""
    links = [{"source": one, "url": place.from_source(one.pk)} for one in sources.values()]
    return {
        "unread_url": place.toggled("unread"),
        "starred_url": place.toggled("starred"),
        "attachments_url": place.toggled("attachments"),
        "any_source_url": place.from_source(None),
        "sources": bool(links),
        "source_links": links,
        "source": sources.get(place.source or 0),
    }


def sorts(place: Place) -> list[dict[str, Any]]:
    """The lines of the sort menu."""
    return [
        {"label": label, "url": place.sorted_by(sort), "is_current": sort == place.sort}
        for sort, label in SORTS.items()
    ]
