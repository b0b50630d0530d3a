"""Reading invitations, and writing answers: an independent library reads the same."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest

from mailstore import invitation, invitation_reply
from mailstore.invitation import Invitation
from mailstore.invitation_reply import Unanswerable
from tests import mail
from tests.mailstore.calendars import MEETING, calendar

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
CUSTOM = """BEGIN:VTIMEZONE
TZID:Pier Time
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0300
TZOFFSETTO:+0200
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0200
TZOFFSETTO:+0300
END:DAYLIGHT
END:VTIMEZONE"""


def read(*lines: str, **more: str) -> Invitation:
    found = invitation.read(calendar(*lines, **more))
    assert found is not None
    return found


def test_what_an_invitation_says() -> None:
    found = read(*MEETING, "DESCRIPTION:One\\ntwo", "URL:javascript:alert(1)")
    assert found.method == "REQUEST"
    assert (found.uid, found.sequence) == ("meeting-7@harbourline.test", 2)
    assert found.title == "Lease, second reading; the studio"
    assert found.place == "Pier 4 room 2"
    assert found.text == "One\ntwo"
    assert found.link == ""
    assert found.start is not None
    assert found.start.written == "20271119T150000Z"
    assert found.start.zone == "America/New_York"
    assert found.organiser is not None
    assert found.organiser.name == "Jonas Ekdahl"
    me, other = found.attendees
    assert (me.address, me.name, me.wants_answer) == ("mara@example.test", "Lind, Mara", True)
    assert (other.answer, other.is_optional) == ("ACCEPTED", True)


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("W. Europe Standard Time", "20270701T080000Z"),
        ("/mozilla.org/20070129_1/Europe/Berlin", "20270701T080000Z"),
        ("Pier Time", "20270701T070000Z"),
        ("../../etc/passwd", "20270701T100000"),
    ],
)
def test_zones_under_the_names_programs_give_them(zone: str, written: str) -> None:
    found = read("UID:1", f'DTSTART;TZID="{zone}":20270701T100000', zones=CUSTOM)
    assert found.start is not None
    assert found.start.written == written


def test_days_spans_and_single_days_of_a_series() -> None:
    found = read("UID:1", "DTSTART;VALUE=DATE:20270701", "DURATION:P2D", "RRULE:FREQ=WEEKLY")
    assert found.start is not None
    assert found.end is not None
    assert (found.start.is_day, found.end.at) == (True, date(2027, 7, 3))
    assert (found.rule, found.occurrence) == ("FREQ=WEEKLY", "")
    one = read("UID:1", "RECURRENCE-ID;TZID=Europe/Berlin:20270701T100000")
    assert one.occurrence == "20270701T080000Z"


def test_alarms_and_what_is_no_event_are_passed_over() -> None:
    alarm = ("BEGIN:VALARM", "SUMMARY:Not this", "ATTENDEE:mailto:x@y.test", "END:VALARM")
    found = read("UID:1", *alarm, "SUMMARY:This")
    assert (found.title, found.attendees) == ("This", ())
    assert (
        invitation.read(b"BEGIN:VCALENDAR\r\nBEGIN:VJOURNAL\r\nUID:1\r\nEND:VJOURNAL\r\n") is None
    )
    assert invitation.read(b"") is None


@pytest.mark.parametrize(
    "data",
    [
        b"BEGIN:VEVENT\r\n" * 200_000,
        calendar(*["ATTENDEE:mailto:a@b.test"] * 30_000),
        calendar("SUMMARY:" + "x" * 3_000_000),
        calendar("SUMMARY" + ";A=b" * 300_000 + ":x"),
        calendar('SUMMARY;A="' + '"' * 500_000),
        calendar("SUMMARY:x\r\n " * 300_000),
        calendar("DTSTART:99999999T999999Z", "DTEND:00000000", "DURATION:P99999W", "SEQUENCE:-1"),
        calendar("DTSTART;TZID=Europe/Berlin:00010101T000000", "DURATION:-P99999W"),
        calendar("RRULE:FREQ=SECONDLY;BYMONTHDAY=30;BYMONTH=2", "DTSTART:19700101T000000Z"),
        bytes(range(256)) * 4000,
    ],
)
def test_hostile_calendars_are_read_within_their_limits(data: bytes) -> None:
    found = invitation.read(data)
    if found is not None:
        assert len(found.title) <= 1000
        assert len(found.attendees) <= invitation.MAX_ATTENDEES


def reference(data: bytes) -> dict[str, Any]:
    """What the independent library says of the event that stands for all."""
    first = icalendar.Calendar.from_ical(data, multiple=True)[0]
    if first.name != "VCALENDAR":
        raise ValueError(first.name)
    events = first.walk("VEVENT")
    event = next((one for one in events if "RECURRENCE-ID" not in one), events[0])
    start = event.get("DTSTART")
    return {
        "uid": " ".join(str(event.get("UID", "")).split()),
        "title": " ".join(str(event.get("SUMMARY", "")).split()),
        "start": start.dt if start is not None and not isinstance(start, list) else None,
    }


def test_every_calendar_of_the_corpus_says_what_a_reference_reads() -> None:
    compared, different = 0, []
    for name, data in mail.listed("ics"):
        found = invitation.read(data)
        try:
            with warnings.catch_warnings(action="ignore"):
                wanted = reference(data)
        except (ValueError, IndexError, KeyError, AttributeError, TypeError):
            continue
        if found is None:
            different.append(name)
            continue
        compared += 1
        said = {"uid": found.uid, "title": found.title, "start": wanted["start"]}
        if said != wanted or not same_moment(found, wanted["start"]):
            different.append(name)
    assert len(different) <= 0.02 * max(compared, 1), different


def same_moment(found: Invitation, wanted: date | None) -> bool:
    if wanted is None:
        # Nothing there, or in a zone of the calendar's own that the library does not find.
        return True
    at = found.start.at if found.start else None
    if not isinstance(wanted, datetime) or not isinstance(at, datetime):
        return at == wanted
    if wanted.tzinfo is None or at.tzinfo is None:
        return at.replace(tzinfo=None) == wanted.replace(tzinfo=None)
    # Zones that only the calendar defines are read without expanding their rules.
    return abs(at - wanted) <= timedelta(hours=1)


def test_an_answer_is_read_by_another_library() -> None:
    event = read(*MEETING, "RECURRENCE-ID;TZID=America/New_York:20271119T100000")
    data = invitation_reply.reply(
        event, address="mara@example.test", name='Mara "M" Lind', answer="TENTATIVE",
        comment="Perhaps; see\nbelow, " + "long " * 30, now=NOW,
    )  # fmt: skip
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    found = icalendar.Calendar.from_ical(data)
    said: Any = found.walk("VEVENT")[0]
    assert (found["METHOD"], said["UID"], said["SEQUENCE"]) == ("REPLY", event.uid, 2)
    assert said["DTSTAMP"].dt == NOW
    assert said["RECURRENCE-ID"].dt == datetime(2027, 11, 19, 15, tzinfo=UTC)
    assert said["ORGANIZER"] == "mailto:jonas@harbourline.test"
    assert said["ATTENDEE"] == "mailto:mara@example.test"
    assert said["ATTENDEE"].params["PARTSTAT"] == "TENTATIVE"
    assert said["COMMENT"].startswith("Perhaps; see\nbelow, long")


@pytest.mark.parametrize(
    "line",
    ["ORGANIZER:mailto:a b@c.test", "ORGANIZER:https://c.test/", 'ORGANIZER:mailto:"a@c.test'],
)
def test_what_cannot_be_answered_safely_is_not(line: str) -> None:
    event = read("UID:1\\r\\nX:1", line)
    with pytest.raises(Unanswerable):
        invitation_reply.reply(event, address="m@x.test", name="", answer="ACCEPTED", now=NOW)
