"""What a configuration says about a server, before anybody's address is filled in."""

import re
from dataclasses import dataclass
from typing import Literal

from protocols.idn import to_ascii
from protocols.types import Security

Kind = Literal["imap", "pop", "smtp"]
KINDS: tuple[Kind, ...] = ("imap", "pop", "smtp")

ADDRESS, LOCAL_PART, DOMAIN = "%EMAILADDRESS%", "%EMAILLOCALPART%", "%EMAILDOMAIN%"
# The published data forgets the last sign here and there.
_PLACEHOLDER = re.compile(r"%(EMAILADDRESS|EMAILLOCALPART|EMAILDOMAIN)%?", re.I)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


@dataclass(frozen=True, slots=True)
class Offer:
    """A server that is named; `host` and `username` may hold placeholders.

    `auth` lists what it takes, the preferred one first, of "password" and "oauth"; empty where
    nothing that is known here is named.
    """

    kind: Kind
    host: str
    port: int
    security: Security
    username: str = ADDRESS
    auth: tuple[str, ...] = ("password",)


def fill(text: str, address: str) -> str:
    """A text with its placeholders replaced by the parts of an address."""
    local, _, domain = address.rpartition("@")
    parts = {"EMAILADDRESS": address, "EMAILLOCALPART": local, "EMAILDOMAIN": domain}
    return _PLACEHOLDER.sub(lambda found: parts[found[1].upper()], text)


def tidy(text: str) -> str:
    """A text with every placeholder written as it should be."""
    return _PLACEHOLDER.sub(lambda found: f"%{found[1].upper()}%", text.strip())


def is_personal(text: str) -> bool:
    """Whether a username names one person, as nothing in it is left to fill in."""
    return bool(text) and not _PLACEHOLDER.search(text)


def is_host(text: str) -> bool:
    """Whether this can be the full name of a server: letters of DNS, two labels at least.

    An address in numbers is none.
    """
    return len(text) <= 253 and bool(_HOST.fullmatch(text)) and not text[-1].isdigit()


def host_of(text: str) -> str:
    """A host as written somewhere, in the letters of DNS (RFC 5891); empty if it is none."""
    name = text.strip().rstrip(".")
    try:
        plain = (name if name.isascii() else to_ascii(name)).lower()
    except UnicodeError:
        return ""
    return plain if is_host(plain) else ""
