"""Whose server took a message in, by the name it gives itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Whose name stands in the results of receivers that are reached by another one.
_RECEIVERS: Final[Mapping[str, str]] = {
    "googlemail.com": "google.com",
    "gmail.com": "google.com",
    "office365.com": "outlook.com",
    "hotmail.com": "outlook.com",
    "live.com": "outlook.com",
    "msn.com": "outlook.com",
    "fastmail.com": "messagingengine.com",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "ymail.com": "yahoo.com",
    "aol.com": "yahoo.com",
    "gmx.de": "gmx.net",
}
#: Its receivers do not say who they are.
NAMELESS: Final = "outlook.com"


def of(host: str) -> str:
    """Whose server it is: the last two or, below short suffixes, three labels of its name."""
    labels = host.lower().rstrip(".").split(".")
    # The list of public suffixes takes too long to load for every pull.
    size = 3 if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3 else 2
    name = ".".join(labels[-size:])
    return _RECEIVERS.get(name, name)


def is_one_of(server: str, hosts: list[str]) -> bool:
    """Whether results under the name `server` are from one of these; without a name, whether one
    of them never says its own."""
    known = {of(one) for one in hosts if one}
    return of(server) in known if server else NAMELESS in known
