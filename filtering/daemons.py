"""The daemons an operator named in SPAM_SCORERS and CLAMAV: read from the settings' text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from protocols.daemons import Place, parse_place

NOWHERE = Place()
RSPAMD, SPAMD, CLAMD = "rspamd", "spamd", "clamd"


@dataclass(frozen=True, slots=True)
class Daemon:
    """One daemon: `url` for rspamd, `place` for the others; `name` tells it apart in logs."""

    kind: str
    name: str
    url: str = ""
    place: Place = NOWHERE


def scorers(entries: Sequence[str]) -> tuple[Daemon, ...]:
    """The daemons of SPAM_SCORERS, in its order. Raises ValueError with what is wrong."""
    return tuple(_scorer(entry.strip()) for entry in entries)


def scanner(entry: str) -> Daemon | None:
    """The daemon of CLAMAV; None where it is empty. Raises ValueError with what is wrong."""
    entry = entry.strip()
    return Daemon(CLAMD, f"{CLAMD} {entry}", place=parse_place(entry)) if entry else None


def _scorer(entry: str) -> Daemon:
    kind, _colon, where = entry.partition(":")
    if kind == SPAMD:
        return Daemon(SPAMD, f"{SPAMD} {where}", place=parse_place(where))
    if kind == RSPAMD and _is_site(where):
        return Daemon(RSPAMD, f"{RSPAMD} {where}", url=where)
    raise ValueError(entry)


def _is_site(url: str) -> bool:
    parts = urlsplit(url)
    plain = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    return plain and "@" not in parts.netloc and not parts.query and not parts.fragment
