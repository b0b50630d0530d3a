"""DMARC records: what a domain wants done with mail that it does not vouch for (RFC 7489). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Policies by which receivers act on mail that is not proven (RFC 7489 section 6.3).
ENFORCED: Final = ("quarantine", "reject")
POLICIES: Final = ("none", *ENFORCED)


@dataclass(frozen=True, slots=True)
class Policy:
    """A DMARC record (RFC 7489): policy, and how strictly domains have to agree (s or r)."""

    policy: str = ""
    spf: str = "r"
    dkim: str = "r"


def policy(record: str, *, is_inherited: bool = False) -> Policy:
    """What a DMARC record says; empty where there is none. ``is_inherited``: of a domain above."""
    tags: dict[str, str] = {}
    for part in record[:2000].split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), value.strip().lower())
    if tags.get("v") != "dmarc1":
        return Policy()
    asked = [tags.get("sp", "")] if is_inherited else []
    # What is none of the three asks for nothing (section 6.6.3).
    chosen = [one for one in (*asked, tags.get("p", "")) if one in POLICIES]
    return Policy(
        chosen[0] if chosen else "none", tags.get("aspf", "r")[:1], tags.get("adkim", "r")[:1]
    )


def is_record(text: str) -> bool:
    """Whether a TXT record is one of DMARC."""
    return text.replace(" ", "").lower().startswith("v=dmarc1")
