"""From the address of a list back to its place."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from django.http import QueryDict
from django.urls import Resolver404, resolve

from webmail.place import ALL, LABEL, STARRED, Place, place_of

_WHERE: Final = {"mail": ALL, "mail-starred": STARRED}


def place_at(address: str) -> Place:
    """The place with this address, a path with its query; all inboxes for what is none."""
    parts = urlsplit(address)
    values = QueryDict(parts.query)
    try:
        match = resolve(parts.path)
    except Resolver404:
        return Place()
    pk = match.kwargs.get("pk", "")
    where = {
        **_WHERE,
        "mail-folder": str(pk),
        "mail-label": f"{LABEL}{pk}",
        "mail-search": values.get("in", ALL),
        "mail-message": values.get("in", ALL),
    }.get(match.url_name or "")
    return Place() if where is None else place_of(values, where=where)
