"""What filters before us wrote into a message. Pure.

That a message is spam is believed wherever it stands: whoever writes it into mail of their own
harms nobody else. That it is none is believed only above the trusted hop (`mailstore.trace`): all
below the topmost ``Received`` is the sender's to write. Sources: X-Spam-Status of SpamAssassin
(Mail::SpamAssassin::Conf, "add_header"), X-Spam of rspamd's milter_headers, the SCL and the
X-Forefront-Antispam-Report of Exchange Online ("Anti-spam message headers", Microsoft Learn).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from filtering.verdict import THRESHOLD, Reason
from mailstore.headers import Headers

MOST: Final = 8.0
GOOD: Final = -1.0
_STATUS: Final = re.compile(
    rb"\s{0,5}(yes|no)\b[^=]{0,40}?(?:score|hits)=(-?\d{1,4}(?:\.\d{1,3})?)"
    rb"\s{1,5}(?:required|tagged_above|threshold)=(-?\d{1,4}(?:\.\d{1,3})?)", re.I
)  # fmt: skip
_FOREFRONT: Final = re.compile(
    rb"\b(?:SFV:(?:SPM|SKB|SKS)|CAT:(?:SPM|HSPM|PHSH|HPHISH|HPHSH|MALW|SPOOF|UIMP|DIMP))\b", re.I
)
_LEVEL: Final = re.compile(rb"\s{0,5}(-?\d{1,2})\s{0,5}")
_LOOKED_AT: Final = 2000


def of(fields: Headers, threshold: float = THRESHOLD) -> tuple[Reason, ...]:
    """What they said, as reasons: at most one for each field. Points of what is called spam are at
    least the threshold, so that it goes where a filter before us wanted it, unless something else
    speaks against it."""
    found: dict[str, Reason] = {}
    # What no server took in has nobody to be believed.
    is_trusted = any(name == "received" for name, _value in fields.fields)
    for name, value in fields.fields:
        if name == "received":
            is_trusted = False
        for reason in _read(name, value[:_LOOKED_AT], threshold):
            if (reason.points > 0 or is_trusted) and reason.name not in found:
                found[reason.name] = reason
    return tuple(found.values())


def _read(name: str, value: bytes, threshold: float) -> Iterator[Reason]:
    plain = value.strip().lower()
    if name in ("x-spam-flag", "x-spam") and plain == b"yes":
        yield Reason("x-spam-flag", threshold)
    elif name == "x-spam-status":
        yield from _status(value)
    elif name == "x-ms-exchange-organization-scl":
        yield from _level(value, threshold)
    elif name == "x-forefront-antispam-report" and _FOREFRONT.search(value):
        yield Reason("x-forefront", threshold)


def _status(value: bytes) -> Iterator[Reason]:
    found = _STATUS.match(value)
    if found is None:
        return
    score, required = float(found[2]), float(found[3]) or THRESHOLD
    if found[1].lower() == b"yes":
        # How far above its own threshold; what the flag says is counted with the flag.
        above = THRESHOLD * (score / required - 1) if required > 0 else 0.0
        yield Reason("x-spam-status", round(max(0.5, min(MOST - THRESHOLD, above)), 1))
    elif score < 0:
        yield Reason("x-spam-status", GOOD)


def _level(value: bytes, threshold: float) -> Iterator[Reason]:
    found = _LEVEL.fullmatch(value)
    level = int(found[1]) if found else 0
    if level >= 5:
        yield Reason("scl", threshold + (1.0 if level >= 7 else 0.0), str(level))
    elif level == -1:
        yield Reason("scl", GOOD, "-1")
