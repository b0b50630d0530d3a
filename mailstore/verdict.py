"""Who really sent a message, out of what was found out about it. Pure.

The address in From is anybody's to write. It is vouched for by a signature of its own domain or by
the server that took the message in for us and looked; nobody else is believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from mailstore import dkim_check, dmarc
from mailstore.dkim_check import Signature

PASSES, FAILS, UNKNOWN, BY_LIST, WAITS = "passes", "fails", "unknown", "list", "waits"
_UNSUBSCRIBE: Final = {"list-unsubscribe", "list-unsubscribe-post"}

# Whether two domains are one organisation's (RFC 7489 section 3.1).
Same = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found out. ``domain`` is that of From, empty where there is none or several;
    ``policy`` its DMARC policy. ``said_by`` is the receiving server whose results are ``spf``,
    ``spf_domain`` and ``dmarc``; ``arc`` who sealed the message on the way, which proves nothing.
    ``policy_known`` is False where DNS did not answer. ``proofs`` are the ways by which the domain
    vouches for the message ("SPF", "DKIM", "DMARC").
    """

    domain: str
    signatures: tuple[Signature, ...] = ()
    policy: str = ""
    policy_known: bool = True
    spf: str = ""
    spf_domain: str = ""
    dmarc: str = ""
    said_by: str = ""
    has_results: bool = False
    arc: str = ""
    is_listed: bool = False
    proofs: tuple[str, ...] = ()
    state: str = UNKNOWN

    @property
    def as_row(self) -> dict[str, Any]:
        """As a row keeps it."""
        return asdict(self)

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Findings:
        """From a row, also one that an older version wrote."""
        known = {key: row[key] for key in row if key in cls.__dataclass_fields__}
        signatures = tuple(
            Signature(**{**one, "covers": tuple(one["covers"])})
            for one in known.pop("signatures", ())
        )
        proofs = tuple(known.pop("proofs", ()))
        return cls(**{"domain": "", **known, "signatures": signatures, "proofs": proofs})

    @property
    def covers_unsubscribing(self) -> bool:
        """Whether a signature that holds covers how to unsubscribe (RFC 8058 section 4)."""
        passing = [one for one in self.signatures if one.result == dkim_check.PASS]
        return any(set(one.covers) >= _UNSUBSCRIBE for one in passing)


def decided(found: Findings, same: Same) -> Findings:
    """The findings with what they amount to: `proofs` and `state`, one of those above."""
    if not found.domain:
        return found
    results = {one.result for one in found.signatures if same(one.domain, found.domain)}
    proofs = (
        ("SPF", found.spf == dkim_check.PASS and same(found.spf_domain, found.domain)),
        ("DKIM", dkim_check.PASS in results),
        ("DMARC", found.dmarc == dkim_check.PASS),
    )
    proven = tuple(name for name, holds in proofs if holds)
    return replace(found, proofs=proven, state=PASSES if proven else _unproven(found, results))


def _unproven(found: Findings, results: set[str]) -> str:
    if dkim_check.UNANSWERED in results or not found.policy_known:
        return WAITS
    is_enforced = found.policy in dmarc.ENFORCED
    if found.is_listed and (dkim_check.FAIL in results or is_enforced):
        return BY_LIST
    # A signature whose key is gone may have held once, and without the receiving server's word
    # the way it came by is not known: neither proves anything.
    is_open = dkim_check.NO_KEY in results or not found.has_results
    if is_enforced and (found.dmarc == "fail" or not is_open):
        return FAILS
    return UNKNOWN
