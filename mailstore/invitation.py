"""Invitations: what a calendar object in a mail says (RFC 5545, RFC 5546, RFC 6047).

Read line by line under the limits of `contentlines`; rules of recurrence are kept as they are
written and never expanded, so that no calendar takes longer than its length.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailstore import contentlines, ical_time
from mailstore.contentlines import Line
from mailstore.ical_time import Moment
from mailstore.text import one_line

#: Attendees that are looked at; the rest is counted.
MAX_ATTENDEES = 500
MAX_EVENTS = 200
MAX_TEXT = 8_000
MAX_UID = 255
METHODS = ("REQUEST", "CANCEL", "REPLY", "COUNTER", "PUBLISH", "ADD", "REFRESH", "DECLINECOUNTER")
_MAILTO = re.compile(r"mailto:([^?]{1,320})", re.IGNORECASE)
_WEB = re.compile(r"https?://[^\s<>\"'\\]{1,2000}\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody invited, or who invites. ``answer`` is the PARTSTAT in capitals."""

    address: str
    name: str = ""
    answer: str = "NEEDS-ACTION"
    is_optional: bool = False
    is_room: bool = False
    wants_answer: bool = False


@dataclass(frozen=True, slots=True)
class Invitation:
    """One event of a calendar object. Texts are tidy, links are http or https or nothing."""

    method: str = ""
    uid: str = ""
    sequence: int = 0
    #: RECURRENCE-ID, where it is one day of a series.
    recurrence: Moment | None = None
    stamp: datetime | None = None
    title: str = ""
    place: str = ""
    text: str = ""
    link: str = ""
    comment: str = ""
    is_cancelled: bool = False
    start: Moment | None = None
    end: Moment | None = None
    rule: str = ""
    organiser: Attendee | None = None
    attendees: tuple[Attendee, ...] = ()
    #: How many further events the file holds, and attendees that are not listed.
    more_events: int = 0
    more_attendees: int = 0

    @property
    def occurrence(self) -> str:
        """Which day of a series it is, the same however it is written; empty for all of it."""
        return self.recurrence.written if self.recurrence else ""


@dataclass(slots=True)
class _Object:
    """What a calendar file is made of."""

    method: str = ""
    zones: dict[str, tuple[Line, ...]] = field(default_factory=dict)
    events: list[list[Line]] = field(default_factory=list)
    count: int = 0


def read(data: bytes, charset: str = "") -> Invitation | None:
    """The event of a calendar object that speaks for all; None where there is none to show."""
    found = _taken_apart(contentlines.read(data, charset))
    if not found.events:
        return None
    # The series itself stands for its exceptions.
    whole = next((one for one in found.events if not _has(one, "RECURRENCE-ID")), found.events[0])
    return _event(whole, found)


def _has(lines: Iterable[Line], name: str) -> bool:
    return any(line.name == name for line in lines)


def _taken_apart(lines: Iterable[Line]) -> _Object:
    found = _Object()
    # Where we are: only what stands directly in an event is the event's; alarms in it are not.
    inside: list[str] = []
    held: list[Line] = []
    for line in lines:
        kind = line.value.strip().upper() if line.name in ("BEGIN", "END") else ""
        if line.name == "BEGIN":
            inside.append(kind)
            if len(inside) == 2:
                held = []
            continue
        if line.name == "END" and inside:
            inside.pop()
            if len(inside) == 1:
                _close(found, kind, held)
            elif inside[-1:] == ["VTIMEZONE"]:
                held.append(line)
            continue
        if inside == ["VCALENDAR"] and line.name == "METHOD":
            found.method = line.value.strip().upper()
        elif inside[1:] == ["VEVENT"] or inside[1:2] == ["VTIMEZONE"]:
            held.append(line)
    return found


def _close(found: _Object, kind: str, held: list[Line]) -> None:
    if kind == "VTIMEZONE":
        names = [line.value.strip() for line in held if line.name == "TZID"]
        if names and len(found.zones) < MAX_EVENTS:
            found.zones[names[0]] = tuple(held)
    elif kind == "VEVENT":
        found.count += 1
        if len(found.events) < MAX_EVENTS:
            found.events.append(held)


def _event(lines: Sequence[Line], found: _Object) -> Invitation:
    first: dict[str, Line] = {}
    for line in lines:
        first.setdefault(line.name, line)

    def said(name: str, limit: int = 1000) -> str:
        return one_line(first[name].text, limit) if name in first else ""

    def when(name: str) -> Moment | None:
        return ical_time.moment(first[name], found.zones) if name in first else None

    invited = [line for line in lines if line.name == "ATTENDEE"]
    start = when("DTSTART")
    stamp = when("DTSTAMP")
    length = ical_time.span(first["DURATION"].value) if "DURATION" in first else None
    return Invitation(
        method=found.method if found.method in METHODS else "",
        uid=one_line(first["UID"].value, MAX_UID + 1) if "UID" in first else "",
        sequence=_number(said("SEQUENCE", 12)),
        recurrence=when("RECURRENCE-ID"),
        stamp=stamp.at if stamp and isinstance(stamp.at, datetime) else None,
        title=said("SUMMARY"),
        place=said("LOCATION"),
        text=first["DESCRIPTION"].text[:MAX_TEXT].strip() if "DESCRIPTION" in first else "",
        link=_link(first),
        comment=first["COMMENT"].text[:MAX_TEXT].strip() if "COMMENT" in first else "",
        is_cancelled=found.method == "CANCEL" or said("STATUS", 20).upper() == "CANCELLED",
        start=start,
        end=when("DTEND") or _after(start, length),
        rule=said("RRULE", 500).upper(),
        organiser=_person(first["ORGANIZER"]) if "ORGANIZER" in first else None,
        attendees=tuple(_person(line) for line in invited[:MAX_ATTENDEES]),
        more_events=found.count - 1,
        more_attendees=max(0, len(invited) - MAX_ATTENDEES),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _after(start: Moment | None, length: timedelta | None) -> Moment | None:
    if start is None or length is None:
        return None
    try:
        return Moment(start.at + length, start.zone)
    except OverflowError:
        return None


def _link(first: dict[str, Line]) -> str:
    """Where one meets: a web address the calendar names as such."""
    for name in ("CONFERENCE", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL", "URL"):
        found = one_line(first[name].text, 2100) if name in first else ""
        if _WEB.match(found):
            return found
    return ""


def _person(line: Line) -> Attendee:
    params = line.params
    found = _MAILTO.match(line.value.strip())
    address = found[1] if found else params.get("EMAIL", "").removeprefix("mailto:")
    return Attendee(
        address=one_line(address, 320),
        name=one_line(params.get("CN", ""), 200),
        answer=params.get("PARTSTAT", "NEEDS-ACTION").upper()[:20],
        is_optional=params.get("ROLE", "").upper() in ("OPT-PARTICIPANT", "NON-PARTICIPANT"),
        is_room=params.get("CUTYPE", "").upper() in ("ROOM", "RESOURCE"),
        wants_answer=params.get("RSVP", "").upper() == "TRUE",
    )
