"""Calendar objects for tests, written out by hand."""

from __future__ import annotations


def calendar(*lines: str, method: str = "REQUEST", zones: str = "") -> bytes:
    """One event with these lines."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Harbour//EN"]
    head += [f"METHOD:{method}"] if method else []
    body = ["BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""]
    return "\r\n".join([*head, *([zones] if zones else []), *body]).encode()


MEETING = (
    "UID:meeting-7@harbourline.test",
    "DTSTAMP:20261101T080000Z",
    "SEQUENCE:2",
    "SUMMARY:Lease\\, second reading; the studio",
    "LOCATION:Pier 4\\nroom 2",
    "DTSTART;TZID=America/New_York:20271119T100000",
    "DTEND;TZID=America/New_York:20271119T113000",
    "ORGANIZER;CN=Jonas Ekdahl:mailto:jonas@harbourline.test",
    'ATTENDEE;CN="Lind, Mara";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:mara@example.test',
    "ATTENDEE;CN=Anneke;PARTSTAT=ACCEPTED;ROLE=OPT-PARTICIPANT:mailto:anneke@dewit.test",
)
