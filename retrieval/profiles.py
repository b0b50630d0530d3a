"""What is known of the big providers: how much they bear at a time and a day.

Sources: the providers' own help pages, as gathered with their dates in docs/operations.md.
Unknown hosts get cautious figures of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypedDict

MIB = 1 << 20
SMALL = 25, 4 * MIB
# Seconds of a round trip from which on the wire stands still between batches at the usual depth.
FAR = 0.02
FAR_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Profile:
    """How to treat a server; sizes in bytes.

    ``key`` says whose limits are shared; ``depth`` is how many body batches may be on their way,
    ``far_depth`` how many where each takes long to arrive (None: as many);
    ``day_bytes`` what one account may fetch in a UTC day over this protocol (0: not limited);
    ``idle_seconds`` how long IDLE lasts at most.
    ``pulls`` and ``listeners`` are what all accounts together may hold there, for regular runs
    and for listening; None: an unknown server, which gets what the settings say. ``logins`` is
    how many sign-ins a second they may begin together.
    """

    key: str
    depth: int = 3
    far_depth: int | None = None
    batch: int = 50
    batch_bytes: int = 8 * MIB
    day_bytes: int = 0
    idle_seconds: int = 25 * 60
    pulls: int | None = None
    listeners: int | None = None
    logins: float = 1.0

    def depth_at(self, round_trip: float) -> int:
        """How many body batches may be on their way to a server so many seconds away."""
        if self.far_depth is None or round_trip <= FAR:
            return self.depth
        return self.far_depth


class _Shared(TypedDict):
    pulls: int
    listeners: int
    logins: float


_GIGA = 1_000_000_000
_NAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("gmail", ("gmail.com", "googlemail.com")),
    ("microsoft", ("office365.com", "outlook.com", "hotmail.com", "office365.us", "outlook.cn")),
    ("yahoo", ("yahoo.com", "aol.com", "yahoodns.net")),
    ("icloud", ("mail.me.com",)),
    ("fastmail", ("fastmail.com",)),
    ("zoho", ("zoho.com", "zoho.eu", "zoho.in", "zoho.com.au", "zoho.jp", "zohocloud.ca")),
    ("gmx", ("gmx.net", "gmx.com", "web.de")),
    ("mail-ru", ("mail.ru",)),
    ("yandex", ("yandex.com", "yandex.ru")),
    ("netease", ("163.com", "126.com")),
    ("rambler", ("rambler.ru",)),
)


KNOWN = frozenset(key for key, _ in _NAMES)


def key_of(host: str) -> str:
    """Whose limits a host shares: a provider's name, else the host itself."""
    host = host.lower().rstrip(".")
    for key, domains in _NAMES:
        if any(host == domain or host.endswith(f".{domain}") for domain in domains):
            return key
    return host


def server_of(key: str) -> str:
    """A server's name that stands for a key of `key_of`: a provider's first, else the host."""
    return next((domains[0] for name, domains in _NAMES if name == key), key)


def covered_by(key: str) -> tuple[str, ...]:
    """The names below which all servers share this key; a host alone stands for itself."""
    return next((domains for name, domains in _NAMES if name == key), (key,))


# They publish no limit for many accounts behind one address; these are far below what one office
# network brings them, and hold whatever an installation sets for unknown servers.
_HUGE: _Shared = {"pulls": 64, "listeners": 1000, "logins": 8.0}
_LARGE: _Shared = {"pulls": 24, "listeners": 250, "logins": 3.0}
_SHARED: Mapping[str, _Shared] = {
    "gmail": _HUGE,
    "microsoft": _HUGE,
    "yahoo": _LARGE,
    "icloud": _LARGE,
    "fastmail": _LARGE,
    "gmx": _LARGE,
    "mail-ru": _LARGE,
    "yandex": _LARGE,
}


def known_caps() -> dict[str, int]:
    """Connections for regular runs by key, of the providers that have a cap of their own."""
    return {key: shared["pulls"] for key, shared in _SHARED.items()}


def profile_of(host: str, *, pop: bool = False) -> Profile:
    """The profile of a host, for POP3 or IMAP."""
    key = key_of(host)
    if key not in KNOWN:
        return Profile(key, far_depth=FAR_DEPTH)
    profile = Profile(key, **_SHARED[key]) if key in _SHARED else Profile(key)
    match key:
        case "gmail":
            # Limits of 2,500 and 1,250 MB a day, shared with the person's other programs.
            return replace(profile, day_bytes=9 * _GIGA // 10 if pop else 18 * _GIGA // 10)
        case "microsoft":
            return replace(profile, depth=1, batch=SMALL[0], batch_bytes=SMALL[1])
        case "yahoo":
            small = replace(profile, depth=1, batch=SMALL[0], batch_bytes=SMALL[1])
            return replace(small, idle_seconds=180)
        case "rambler" | "netease":
            return replace(profile, idle_seconds=55)
    return profile
