"""What a pull will do: pure decisions over what the server listed and what is known.

Sources: RFC 3501/9051 (UIDs, UIDVALIDITY), RFC 6154 (special use), RFC 1939 (UIDL).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

WINDOW = 1000
MAX_LEVELS = 20
MAX_NAME = 255
MAX_FLAGS, MAX_FLAG = 64, 100
MAX_UID = 2**32 - 1
# Counts that are settings of Gmail's, or a limit of Yahoo's, and hardly ever chance.
LIKELY_LIMITS = frozenset({1000, 2000, 5000, 10000})
TURNS_A_DAY = 3
# A second way to see messages that lie elsewhere too (RFC 6154 section 2).
VIEW_ROLES = frozenset({"flagged", "important"})
_ORDER = {"inbox": 0, "sent": 1, "": 2, "all": 9}
_MESSAGE_ID = re.compile(r"<([^<>]+)>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What the planner needs of a remote mailbox."""

    raw_name: bytes
    name: str
    delimiter: str
    role: str
    selectable: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a remote mailbox goes here: a special folder, or a path of names."""

    role: str = ""
    path: tuple[str, ...] = ()


def order(mailboxes: Iterable[Mailbox]) -> list[Mailbox]:
    """Selectable mailboxes in the order of use: Inbox, Sent, the rest, All Mail last."""
    useful = [box for box in mailboxes if box.selectable and box.role not in VIEW_ROLES]
    return sorted(useful, key=lambda box: (_ORDER.get(box.role, 2), box.name))


def has_inbox_prefix(mailboxes: Sequence[Mailbox]) -> bool:
    """Whether "INBOX." is only the personal namespace's prefix (RFC 2342), not a parent."""
    others = [box for box in mailboxes if box.name.upper() != "INBOX" and box.selectable]
    return bool(others) and all(
        box.delimiter and box.name.upper().startswith(f"INBOX{box.delimiter}") for box in others
    )


def place(mailbox: Mailbox, *, at_root: bool, strip_inbox: bool) -> Place:
    """Where a mailbox goes (A84, A86).

    At root level the other side's special folders join ours; below a chosen folder every name
    is kept, so nothing is mixed.
    """
    if mailbox.name.upper() == "INBOX":
        return Place(role="inbox") if at_root else Place(path=("Inbox",))
    if at_root and mailbox.role in {"sent", "drafts", "junk", "trash", "archive"}:
        return Place(role=mailbox.role)
    parts = mailbox.name.split(mailbox.delimiter) if mailbox.delimiter else [mailbox.name]
    if len(parts) > 1 and parts[0].upper() == "INBOX":
        parts = parts[1:] if strip_inbox else ["Inbox", *parts[1:]]
    return Place(path=clean_path(parts))


def clean_path(parts: Sequence[str]) -> tuple[str, ...]:
    """Folder names fit to be shown: no controls, no empty or dotted names, bounded."""
    names = [_CONTROL.sub("", part).strip()[:MAX_NAME] for part in parts]
    kept = [name if _can_be_seen(name) else "_" for name in names if name]
    if len(kept) > MAX_LEVELS:
        kept = [*kept[: MAX_LEVELS - 1], " ".join(kept[MAX_LEVELS - 1 :])[:MAX_NAME]]
    return tuple(kept) or ("_",)


def _can_be_seen(name: str) -> bool:
    return any(char.isprintable() and char not in " ." for char in name)


def windows(lo: int, hi: int, size: int = WINDOW) -> Iterator[tuple[int, int]]:
    """UID windows [lo, hi] of at most ``size``, newest first, so recent mail comes first."""
    while hi >= lo:
        yield max(lo, hi - size + 1), hi
        hi -= size


def first_verdict(size: int | None, flags: Iterable[str], *, max_size: int) -> str:
    """The ledger state a message starts in: pending, unless it will never be fetched."""
    if "\\deleted" in {flag.lower() for flag in flags}:
        return "skipped"
    return "too-big" if size is not None and size > max_size else "pending"


def ident(message_id: str | bytes) -> bytes | None:
    """BLAKE2b-128 of a Message-ID (RFC 5322 section 3.6.4); None where there is none."""
    text = message_id.decode("utf-8", "replace") if isinstance(message_id, bytes) else message_id
    found = _MESSAGE_ID.search(text)
    inner = "".join((found[1] if found else text).split())
    return blake2b(inner.encode("utf-8", "replace"), digest_size=16).digest() if inner else None


def turns(stamps: Iterable[str], *, now: datetime) -> list[str]:
    """The turns of a UIDVALIDITY in the last day, with one more now."""
    return [*_of_a_day(stamps, now), now.isoformat()][-10:]


def is_restless(stamps: Iterable[str], *, now: datetime) -> bool:
    """Whether a UIDVALIDITY turned so often in a day that it means nothing."""
    return len(_of_a_day(stamps, now)) > TURNS_A_DAY


def _of_a_day(stamps: Iterable[str], now: datetime) -> list[str]:
    return [one for one in stamps if datetime.fromisoformat(one) > now - timedelta(days=1)]


def kept_flags(flags: Iterable[str]) -> list[str]:
    r"""Flags worth keeping here; \Recent belongs to a session (RFC 3501 section 2.3.2)."""
    known = {flag for flag in flags if flag.isprintable() and len(flag) <= MAX_FLAG}
    kept = (flag for flag in known if flag.lower() not in {"\\recent", "\\deleted"})
    # Those of the system first: a label too many must not make read mail unread.
    return sorted(kept, key=lambda flag: (not flag.startswith("\\"), flag))[:MAX_FLAGS]


def pop_keys(uidls: Sequence[str | None]) -> list[str]:
    """Ledger keys for a POP listing; "" where a message has no usable UIDL.

    An id that several messages bear tells none of them apart (RFC 1939 asks for unique ones;
    servers differ), so those messages are known by their content.
    """
    counted = Counter(uidls)
    return [
        uidl if uidl and counted[uidl] == 1 and len(uidl) <= 128 and uidl.isprintable() else ""
        for uidl in uidls
    ]


def next_due(task_id: int, *, interval: int, now: datetime, chance: float = 0.5) -> datetime:
    """The next moment of this task's own phase, at least half an interval away.

    A stable phase spreads tasks over the interval however they were created or restarted.
    ``chance`` in [0, 1) moves the moment by up to a tenth of the interval to either side.
    """
    # Knuth's multiplicative hash: neighbours among ids land far apart.
    phase = (task_id * 2_654_435_761) % interval
    epoch = int(now.timestamp())
    wait = (phase - epoch) % interval
    if wait < interval // 2:
        wait += interval
    jitter = timedelta(seconds=(chance - 0.5) * interval / 5)
    return datetime.fromtimestamp(epoch + wait, tz=UTC) + jitter


def clamp_date(value: datetime | None, *, now: datetime) -> datetime | None:
    """A server's date if it can be true: from 1970 to a day from now."""
    if value is None or not 1970 <= value.year <= 9000:
        return None
    return value if value <= now + timedelta(days=1) else None
