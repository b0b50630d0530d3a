"""SpamAssassin's daemon, asked in its own protocol (spamd/PROTOCOL of SpamAssassin 4)."""

import re

from protocols.daemons import Place, dial
from protocols.errors import ProtocolBroken, Refused, Stage, redact
from protocols.scores import Score, Symbol, heaviest, number, symbol
from protocols.types import Deadline
from protocols.wire import Wire

#: Bytes of a message; spamc(1) sends no larger ones either (its -s).
MAX_MESSAGE = 500 * 1024
_ANSWER_CAP = 65_536
_LINE_CAP = 2048
_HEADERS = 30
_STATUS = re.compile(rb"SPAMD/[\d.]{1,8} (\d{1,3}) ?([^\r\n]*)\r?\n")
_SPAM = re.compile(
    r"(?:True|Yes|False|No) ; (?P<points>-?[\d.]{1,12}) / (?P<limit>-?[\d.]{1,12})", re.I
)
_RULE = re.compile(r" ?(?P<points>-?\d[\d.]{0,8}) (?P<name>[A-Z0-9_]{1,80}) +(?P<about>.*)")
# Above it stands a preview of the message, which may imitate anything; below it only rules.
_TABLE = re.compile(r"(?m)^---- -{10,} -{10,}\r?$")


def ask(raw: bytes, place: Place, *, deadline: float) -> Score:
    """What SpamAssassin says of a message, within `deadline` seconds.

    Raises a `MailServerError`.
    """
    total = Deadline(deadline)
    wire = dial(place, total)
    try:
        return _report(wire, raw, total)
    finally:
        wire.close()


def ping(place: Place, *, deadline: float) -> None:
    """Raises a `MailServerError` unless a daemon that speaks the protocol answers."""
    wire = dial(place, Deadline(deadline))
    try:
        wire.limit(deadline, Stage.FETCH)
        wire.send(b"PING SPAMC/1.2\r\n\r\n")
        _status(wire)
    finally:
        wire.close()


def _report(wire: Wire, raw: bytes, total: Deadline) -> Score:
    wire.limit(total.left(), Stage.SEND)
    wire.send(b"REPORT SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(raw) + raw)
    wire.limit(total.left(), Stage.FETCH)
    _status(wire)
    told = _headers(wire)
    found = _SPAM.fullmatch(told.get("spam", ""))
    points, limit = (number(found[name]) for name in ("points", "limit")) if found else (None, None)
    if points is None or limit is None:
        raise wire.broken("no verdict")
    size = told.get("content-length", "0")
    if not (size.isascii() and size.isdecimal() and int(size[:9]) <= _ANSWER_CAP):
        raise wire.broken("an answer too long")
    text = b"".join(wire.pieces(int(size))).decode("utf-8", "replace")
    return Score("spamd", points, limit, points >= limit, heaviest(_rules(text)))


def _status(wire: Wire) -> None:
    line = wire.readline(_LINE_CAP)
    found = _STATUS.fullmatch(line)
    if found is None:
        raise wire.broken("no SpamAssassin")
    if int(found[1]):
        # Codes are those of sysexits(3); whatever it is, the message is judged without it.
        raise wire.fail(Refused(Stage.FETCH, server_line=redact(line)))


def _headers(wire: Wire) -> dict[str, str]:
    told: dict[str, str] = {}
    for _ in range(_HEADERS):
        line = wire.readline(_LINE_CAP).strip()
        if not line:
            return told
        name, _colon, value = line.decode("ascii", "replace").partition(":")
        told[name.strip().lower()] = value.strip()
    raise ProtocolBroken(Stage.FETCH, server_line="headers without end")


def _rules(text: str) -> list[Symbol | None]:
    table = _TABLE.split(text)
    if len(table) < 2:
        return []
    lines = map(_RULE.fullmatch, table[-1].splitlines())
    return [symbol(one["name"], one["points"], one["about"]) for one in lines if one]
