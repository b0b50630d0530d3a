"""Searches offered to those who have saved none yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Preset:
    """A search and what it may be called."""

    name: str | Promise
    query: str


PRESETS: Final = (
    Preset(_("Unread newsletters"), "is:unread has:list"),
    Preset(_("Larger than 10 MB"), "larger:10M"),
    Preset(_("Pictures of the last month"), "has:image newer_than:1m"),
    Preset(_("Old and never opened"), "is:unread older_than:1y"),
)
