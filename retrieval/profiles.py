"""What is known of the big providers: how much they bear at a time and a day.

Sources: the providers' own help pages, as gathered with their dates in docs/operations.md.
Unknown hosts get cautious figures of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20
SMALL = 25, 4 * MIB


@dataclass(frozen=True, slots=True)
class Profile:
    """How to treat a server; sizes in bytes.

    ``key`` says whose limits are shared; ``depth`` is how many body batches may be on their way;
    ``connections`` what one account may hold; ``day_bytes`` what one account may fetch in a UTC
    day over this protocol (0: not limited); ``idle_seconds`` how long IDLE lasts at most.
    """

    key: str
    depth: int = 3
    batch: int = 50
    batch_bytes: int = 8 * MIB
    connections: int = 1
    day_bytes: int = 0
    idle_seconds: int = 25 * 60


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


def key_of(host: str) -> str:
    """Whose limits a host shares: a provider's name, else the host itself."""
    host = host.lower().rstrip(".")
    for key, domains in _NAMES:
        if any(host == domain or host.endswith(f".{domain}") for domain in domains):
            return key
    return host


def profile_of(host: str, *, pop: bool = False) -> Profile:
    """The profile of a host, for POP3 or IMAP."""
    key = key_of(host)
    match key:
        case "gmail":
            # Limits of 2,500 and 1,250 MB a day, shared with the person's other programs.
            return Profile(key, day_bytes=9 * _GIGA // 10 if pop else 18 * _GIGA // 10)
        case "microsoft":
            return Profile(key, depth=1, batch=SMALL[0], batch_bytes=SMALL[1])
        case "yahoo":
            return Profile(key, 1, SMALL[0], SMALL[1], idle_seconds=180)
        case "rambler" | "netease":
            return Profile(key, idle_seconds=55)
    return Profile(key)
