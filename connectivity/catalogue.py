"""What a server's words mean: from protocol, stage, code and text to a cause id.

The errors of `protocols` say what happened on the wire; the words behind them often say more:
that the provider wants an app password, that IMAP is switched off, that the mailbox is full.
`connectivity.entries` is the table, the first entry that fits wins, and what none fits keeps the
cause of the error and is counted (`connectivity.services.failures`).

Pure: no database, no clock. Patterns are compiled when a first failure is read, for most
processes never see one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from connectivity.entries import ENTRIES
from connectivity.entry import Entry
from connectivity.roots import like, root
from protocols.errors import MailServerError, Stage

__all__ = ["ENTRIES", "Entry", "find", "is_known", "like", "read", "root"]

# RFC 5530 and RFC 2449 codes, SMTP replies (RFC 5321 4.2, RFC 3463), Microsoft's and OAuth's names.
# No part of an IP address is a code.
_CODES = re.compile(
    r"\[([A-Z][A-Z/-]+)|(?:^|(?<= ))([2-5]\d\d)(?=[ -]|$)"
    r"|(?<![\w.])([45]\.\d{1,3}\.\d{1,3})(?!\w|\.\d)"
    r"|\b(AADSTS\d{4,8})\b|\b([a-z]+(?:_[a-z]+)+)\b"
)
LINE_CAP = 600  # characters looked at


def read(protocol: str, error: MailServerError, *, host: str = "") -> str:
    """The cause id of a failure: the catalogue's, else the one of the error itself.

    Args:
        protocol: imap, pop, smtp or oauth; empty where it is not known, which fits all.
        error: what was raised; its `server_line` is redacted already.
        host: the server, for what only one provider says.
    """
    return _of(protocol, error, host) or error.cause


def is_known(protocol: str, error: MailServerError, *, host: str = "") -> bool:
    """Whether the catalogue has an entry for it; a server that gave no words cannot be learnt."""
    return not error.server_line or bool(_of(protocol, error, host))


def find(protocol: str, *, kind: str, stage: str = "", line: str = "", host: str = "") -> str:
    """The cause id for a line, or an empty string; `kind` is the cause of the error or reply."""
    text = line[:LINE_CAP]
    codes = {next(filter(None, found.groups())) for found in _CODES.finditer(text)}
    for entry in ENTRIES:
        if _fits(entry, protocol, kind, stage, codes, host) and (
            not entry.pattern or _compiled(entry.pattern).search(text)
        ):
            return entry.cause
    return ""


def _of(protocol: str, error: MailServerError, host: str) -> str:
    # What TLS and OAuth failed at is a short name, not a line of the server's.
    words = f"{error.server_line} {error.params.get('reason', '')}".strip()
    server = host or str(error.params.get("host", ""))
    # Who turns strangers away says so to their greeting as well as in its own.
    stage = Stage.GREETING if error.stage is Stage.HELLO else error.stage
    return find(protocol, kind=error.cause, stage=stage, line=words, host=server)


def _fits(entry: Entry, protocol: str, kind: str, stage: str, codes: set[str], host: str) -> bool:
    return (
        _among(protocol, entry.protocols)
        and _among(kind, entry.kinds)
        and _among(stage, entry.stages)
        and (not entry.codes or not codes.isdisjoint(entry.codes.split()))
        and (not entry.hosts or host.lower().rstrip(".").endswith(tuple(entry.hosts.split())))
    )


def _among(value: str, wanted: str) -> bool:
    return not wanted or not value or value in wanted.split()


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)
