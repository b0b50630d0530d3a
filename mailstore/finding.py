"""Finding out who really sent a message; `mailstore.verdict` says what that amounts to. Pure.

Who asks DNS, and whose results are believed, is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from lib.suffixes import organisation
from mailstore import auth_results, dkim_check, dmarc, headers, mime, trace, verdict
from mailstore.auth_results import Results
from mailstore.dkim_check import Ask, UnansweredError
from mailstore.headers import Headers
from mailstore.verdict import Findings

_SEALER: Final = re.compile(rb"(?:^|;)\s{0,20}d\s{0,5}=\s{0,5}([A-Za-z0-9.-]{1,253})")


@dataclass(frozen=True, slots=True)
class Receiver:
    """The server that took the message in for us: whether results are its own, and what it is
    called where it does not say so in them."""

    wrote: Callable[[Results], bool]
    name: str = ""


def find(raw: bytes, ask: Ask, receiver: Receiver, *, received: datetime) -> Findings:
    """What is to be known of the sender of a message that arrived at that time. Never raises."""
    fields = headers.parse(raw)
    domain = _domain(fields)
    signatures = tuple(dkim_check.check(raw, ask, received))
    policy, is_known = _policy(domain, ask) if domain else ("", True)
    made = Findings(
        domain,
        signatures,
        policy,
        is_known,
        arc=_sealer(fields),
        is_listed=bool(fields.raw("list-id") or fields.raw("list-post")),
    )
    return verdict.decided(_with_results(made, fields, receiver), same)


def _domain(fields: Headers) -> str:
    """The domain of the one sender; empty where several are named."""
    people = mime.people(fields, "from")
    if len(people) != 1 or len(fields.all("from")) != 1:
        return ""
    return people[0].address.rpartition("@")[2].rstrip(".").lower()


def same(one: str, other: str) -> bool:
    """Whether two domains are one organisation's (RFC 7489 section 3.1)."""
    return bool(one) and (one == other or organisation(one) == organisation(other))


def _policy(domain: str, ask: Ask) -> tuple[str, bool]:
    """What a domain wants done with mail that is not proven, and whether DNS answered."""
    for at in dict.fromkeys((domain, organisation(domain))):
        try:
            records = [one for one in ask(f"_dmarc.{at}") if dmarc.is_record(one)]
        except UnansweredError:
            return "", False
        # Several records count as none (RFC 7489 section 6.6.3).
        if len(records) == 1:
            return dmarc.policy(records[0], is_inherited=at != domain).policy, True
    return "", True


def _with_results(made: Findings, fields: Headers, receiver: Receiver) -> Findings:
    """With the results of the server that took the message in for us; nobody else's."""
    value = trace.read(fields, fields.names).results
    said = auth_results.read(value) if value else None
    if said is None or not receiver.wrote(said):
        return made
    return replace(
        made,
        spf=said.spf,
        spf_domain=said.spf_domain,
        dmarc=said.dmarc,
        said_by=said.server or receiver.name,
        has_results=bool(said.spf or said.dmarc),
    )


def _sealer(fields: Headers) -> str:
    """Who sealed the message last on its way (RFC 8617)."""
    match = _SEALER.search(fields.raw("arc-seal")[:2000])
    return match[1].decode().lower() if match else ""
