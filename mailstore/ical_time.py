"""Moments and spans as calendars write them (RFC 5545 sections 3.3.4 to 3.3.6 and 3.6.5)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from django.utils.module_loading import import_string

from mailstore.contentlines import Line

_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z?))?\Z")
_SPAN = re.compile(
    r"([+-]?)P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,5})S)?)?\Z"
)
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)")
_ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,2}\Z")


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, or a time of day. ``zone`` is the name it was written with, empty for UTC and for
    times that hold wherever one is; ``at`` of those has no zone either."""

    at: date
    zone: str = ""

    @property
    def is_day(self) -> bool:
        """Whether it is a whole day."""
        return not isinstance(self.at, datetime)

    @property
    def written(self) -> str:
        """As a calendar writes it, in UTC where it has a zone: the same for the same moment."""
        if not isinstance(self.at, datetime):
            return f"{self.at:%Y%m%d}"
        if self.at.tzinfo is None:
            return f"{self.at:%Y%m%dT%H%M%S}"
        return f"{self.at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def moment(line: Line, zones: Mapping[str, tuple[Line, ...]]) -> Moment | None:
    """The moment in a property; ``zones`` are the VTIMEZONEs of its calendar by their names."""
    found = _MOMENT.match(line.value.strip())
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    try:
        if found[4] is None:
            return Moment(date(year, month, day))
        # A leap second (60) is what follows 59 to everybody else.
        second = min(int(found[6] or 0), 59)
        plain = datetime(year, month, day, int(found[4]), int(found[5]), second)  # noqa: DTZ001 - its zone follows
        if found[7]:
            return Moment(plain.replace(tzinfo=UTC))
        name = line.params.get("TZID", "").strip()
        zone = zone_of(name, plain, zones.get(name, ())) if name else None
        made = Moment(plain.replace(tzinfo=zone), name if zone else "")
        # Years at the ends of the calendar cannot be told in other zones.
        return made if made.written else None
    except (ValueError, OverflowError):
        return None


def span(text: str) -> timedelta | None:
    """A duration (section 3.3.6)."""
    found = _SPAN.match(text.strip())
    if found is None:
        return None
    weeks, days, hours, minutes, seconds = (int(one or 0) for one in found.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if found[1] == "-" else length


def zone_of(name: str, at: datetime, definition: tuple[Line, ...] = ()) -> tzinfo | None:
    """The time zone of a TZID at a time: by its name, by Microsoft's name for it, else by what
    the calendar itself says of it. None where nothing is known."""
    pieces = name.strip("/").split("/")
    for tried in (name, "/".join(pieces[-2:]), "/".join(pieces[-3:])):
        if (found := _known(tried)) is not None:
            return found
    windows: dict[str, str] = import_string("icalendar.timezone.windows_to_olson.WINDOWS_TO_OLSON")
    if name in windows and (found := _known(windows[name])) is not None:
        return found
    return _defined(definition, at)


def _known(name: str) -> tzinfo | None:
    if not _ZONE_NAME.match(name):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _defined(definition: tuple[Line, ...], at: datetime) -> tzinfo | None:
    """A zone of fixed offset: that of the part whose yearly rule began last before ``at``.

    Which Sunday of the month it is matters for some hours a year only; rules are not expanded.
    """
    rules: list[tuple[tuple[int, int], timedelta]] = []
    begins, shift = (1, 1), None
    for line in definition:
        if line.name == "DTSTART" and (found := _MOMENT.match(line.value.strip())):
            begins = (int(found[2]), int(found[3]))
        elif line.name == "TZOFFSETTO" and (said := _OFFSET.match(line.value.strip())):
            length = timedelta(hours=int(said[2]), minutes=int(said[3]))
            shift = -length if said[1] == "-" else length
        elif line.name == "END" and shift is not None:
            rules.append((begins, shift))
            begins, shift = (1, 1), None
    if not rules:
        return None
    begun = [one for one in rules if one[0] <= (at.month, at.day)]
    return _fixed(max(begun or rules)[1])


def _fixed(shift: timedelta) -> tzinfo | None:
    return timezone(shift) if abs(shift) < timedelta(hours=24) else None
