"""The calendar object that answers an invitation (RFC 5546 section 3.2.3). Pure."""

import re
from datetime import UTC, datetime

from mailstore.ical_time import Moment
from mailstore.invitation import Invitation
from mailstore.text import one_line

ANSWERS = ("ACCEPTED", "TENTATIVE", "DECLINED")
_PRODUCT = "-//Tributary//Tributary//EN"
_WIDTH = 75
_ADDRESS = re.compile(r"[!-~]{1,64}@[!-~]{1,255}\Z")


class Unanswerable(ValueError):
    """The invitation lacks what an answer must carry, or carries what may not be written."""


def reply(
    invitation: Invitation,
    *,
    address: str,
    name: str,
    answer: str,
    comment: str = "",
    now: datetime,
) -> bytes:
    """The answer of one attendee, CRLF line ends, lines folded at 75 octets.

    Raises `Unanswerable`.
    """
    host = invitation.organiser
    if answer not in ANSWERS or not invitation.uid or host is None:
        raise Unanswerable(answer)
    for one in (address, host.address):
        if not _ADDRESS.match(one) or '"' in one:
            raise Unanswerable(one)
    lines = [
        "BEGIN:VCALENDAR",
        f"PRODID:{_PRODUCT}",
        "VERSION:2.0",
        "METHOD:REPLY",
        "BEGIN:VEVENT",
        f"UID:{one_line(invitation.uid, 1000)}",
        f"SEQUENCE:{invitation.sequence}",
        f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        *_moment("RECURRENCE-ID", invitation.recurrence),
        *_moment("DTSTART", invitation.start),
        f"ORGANIZER{_named(host.name)}:mailto:{host.address}",
        f"ATTENDEE{_named(name)};PARTSTAT={answer}:mailto:{address}",
        *([f"SUMMARY:{_escaped(invitation.title)}"] if invitation.title else []),
        *([f"COMMENT:{_escaped(comment)}"] if comment else []),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _moment(name: str, moment: Moment | None) -> list[str]:
    if moment is None:
        return []
    return [f"{name};VALUE=DATE:{moment.written}" if moment.is_day else f"{name}:{moment.written}"]


def _named(name: str) -> str:
    plain = one_line(name, 200).replace('"', "'")
    return f';CN="{plain}"' if plain else ""


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """One content line, no character cut in two."""
    pieces, held = [], b""
    for char in line:
        coded = char.encode("utf-8", "replace")
        if len(held) + len(coded) > _WIDTH:
            pieces.append(held)
            held = b" "
        held += coded
    return b"\r\n".join([*pieces, held]) + b"\r\n"
