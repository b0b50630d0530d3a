"""Whether the world will believe mail from an address: SPF, DKIM and DMARC, graded. Pure.

Graded are facts that were asked for elsewhere. Of all that could be better, one thing is named:
the one that helps most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from mailstore import dmarc
from mailstore.dmarc import Policy
from smtp_accounts import spf

GOOD, WEAK, BAD, UNKNOWN = "good", "weak", "bad", "unknown"
PASSED: Final = "pass"


@dataclass(frozen=True, slots=True)
class Facts:
    """What DNS said of the domain of an address, and what is known of the server mail leaves by.

    ``relation`` is "own" where the server and the domain are one provider's, "foreign" where the
    domain is another provider's, "none" where mail leaves by no server known here, else empty.
    ``term`` is what an SPF record needs to name the server.
    """

    domain: str
    server: str = ""
    relation: str = ""
    provider: str = ""
    term: str = ""
    spf_records: list[str] = field(default_factory=list)
    spf_names: bool = False
    spf_rest: str = ""
    spf_broken: str = ""
    spf_unsure: bool = False
    selectors: list[str] = field(default_factory=list)
    asked_selectors: bool = False
    dmarc: str = ""
    dmarc_at: str = ""
    unanswered: list[str] = field(default_factory=list)

    @property
    def as_row(self) -> dict[str, Any]:
        """As a row keeps it."""
        return asdict(self)

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Facts:
        """From a row, also one that an older version wrote."""
        names = cls.__dataclass_fields__
        return cls(**{"domain": "", **{key: row[key] for key in row if key in names}})


@dataclass(frozen=True, slots=True)
class Fix:
    """The one thing to do: ``id`` names its words; with a record, its name and value."""

    id: str
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A grade, and the one thing to mend where there is one."""

    grade: str
    fix: Fix | None = None


def is_aligned(domain: str, organisation: str, found: str, mode: str) -> bool:
    """Whether a proven domain stands for the one in From: the same, or of one organisation."""
    if mode == "s":
        return found == domain
    return bool(found) and (found == organisation or found.endswith(f".{organisation}"))


def grade(facts: Facts, *, signed: bool | None = None) -> Verdict:
    """Grade the facts. ``signed``: whether a signature of the domain was seen on own mail and
    held; None where none of it was ever seen."""
    if facts.relation == "none":
        return Verdict(UNKNOWN, Fix("no-server"))
    if facts.relation == "own":
        return Verdict(GOOD)
    if facts.relation == "foreign":
        return Verdict(BAD, Fix("other-provider"))
    if facts.domain in facts.unanswered:
        return Verdict(UNKNOWN, Fix("unanswered"))
    enforced = _policy(facts).policy in dmarc.ENFORCED
    is_signed = signed if signed is not None else bool(facts.selectors)
    return _spf(facts, enforced, is_signed) or _rest(facts, is_signed, signed)


def _policy(facts: Facts) -> Policy:
    return dmarc.policy(facts.dmarc, is_inherited=facts.dmarc_at != facts.domain)


def _spf(facts: Facts, enforced: bool, is_signed: bool) -> Verdict | None:
    """What is wrong with SPF. A signature that holds makes up for it (RFC 7489 section 3.1)."""
    worse = WEAK if is_signed else BAD
    name = facts.domain
    if not facts.spf_records:
        return Verdict(worse, Fix("spf-missing", name, f"v=spf1 {facts.term} ~all"))
    first = facts.spf_records[0]
    if facts.spf_broken == "many":
        merged = spf.joined(facts.spf_records)
        return Verdict(worse, Fix("spf-many", name, merged))
    if facts.spf_broken:
        return Verdict(worse, Fix(f"spf-{facts.spf_broken}", name))
    if not facts.spf_names and not facts.spf_unsure:
        is_hard = facts.spf_rest == "-" or enforced
        value = spf.with_term(first, facts.term)
        return Verdict(BAD if is_hard and not is_signed else WEAK, Fix("spf-server", name, value))
    if facts.spf_rest == "+":
        value = " ".join("~all" if one.lower() in ("+all", "all") else one for one in first.split())
        return Verdict(WEAK, Fix("spf-anybody", name, value))
    return None


def _rest(facts: Facts, is_signed: bool, seen: bool | None) -> Verdict:
    """With SPF in order: signatures, then DMARC."""
    if seen is False or (facts.asked_selectors and not is_signed and seen is None):
        return Verdict(WEAK, Fix("dkim", facts.domain))
    at = f"_dmarc.{facts.domain}"
    if at in facts.unanswered:
        return Verdict(UNKNOWN, Fix("unanswered"))
    if not facts.dmarc:
        return Verdict(WEAK, Fix("dmarc-missing", at, "v=DMARC1; p=none"))
    return Verdict(GOOD)
