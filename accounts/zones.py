"""The time zones people live in."""

from __future__ import annotations

import zoneinfo


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """The named zone, or UTC where a time zone database no longer knows the name."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")
