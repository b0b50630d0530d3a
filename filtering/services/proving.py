"""Whether messages that come in are really from whom they say.

Believed are signatures that are checked here, and the word of the server that took the message in
for us: it saw which host it came from, we did not. Mail waits for DNS no longer than `SECONDS` for
a whole batch; what is not answered is unknown, and found out when the message is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from django.conf import settings

from filtering.services.asking import Remembering
from mailstore import auth_results, dkim_check, finding, receivers, verdict
from mailstore.auth_results import PASSED, Results
from mailstore.dkim_check import Ask
from mailstore.finding import Receiver
from mailstore.mime import Summary
from mailstore.models import Source
from mailstore.verdict import FAILS, PASSES, UNKNOWN, Findings

SECONDS: Final = 5.0
AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class Doubted:
    """A message whose sender is to be proven. ``pieces`` gives all its bytes; ``host`` is the
    server it was fetched from."""

    said: Summary
    pieces: Callable[[], Iterable[bytes]]
    size: int
    arrived_at: datetime
    source: Source | None
    host: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """``PASSES``, ``FAILS`` or ``UNKNOWN`` of `mailstore.verdict`; and all that was found out,
    where it is worth keeping."""

    state: str = UNKNOWN
    findings: Findings | None = None


UNPROVEN: Final = Proof()


def prove(batch: Sequence[Doubted]) -> list[Proof]:
    """One for each, in order. Mail from here is not looked at: nobody can have forged it."""
    if not settings.SPAM_DNS:
        return [Proof(told(one)) for one in batch]
    ask = Remembering(SECONDS)
    if len(batch) < 2:
        return [_prove(one, ask) for one in batch]
    with ThreadPoolExecutor(min(AT_ONCE, len(batch)), "proving") as pool:
        return list(pool.map(partial(_prove, ask=ask), batch))


def _prove(one: Doubted, ask: Ask) -> Proof:
    if one.source is None:
        return UNPROVEN
    if one.size > dkim_check.MAX_MESSAGE:
        return Proof(told(one))
    raw = b"".join(one.pieces())
    name = one.source.address.rpartition("@")[2]
    receiver = Receiver(partial(_wrote, one), name)
    found = finding.find(raw, ask, receiver, received=one.arrived_at)
    if found.state in (verdict.WAITS, UNKNOWN):
        # Lists change what they pass on; for the rest the receiving server's word is left.
        said = told(one)
        return Proof(said, None if found.state == verdict.WAITS else found)
    return Proof(found.state if found.state in (PASSES, FAILS) else UNKNOWN, found)


def told(one: Doubted) -> str:
    """What the server says that took the message in for us, and nobody else.

    Lists change what they pass on, so that a message of theirs that fails proves nothing.
    """
    if one.source is None or not one.said.authentication_results:
        return UNKNOWN
    found = auth_results.read(one.said.authentication_results)
    if found is None or not _wrote(one, found):
        return UNKNOWN
    if _passes(found, one.said.from_address.rpartition("@")[2].casefold()):
        return PASSES
    return FAILS if found.dmarc == "fail" and not one.said.list_address else UNKNOWN


def _wrote(one: Doubted, found: Results) -> bool:
    """Whether the results are of the server the message was fetched from."""
    address = one.source.address.rpartition("@")[2] if one.source else ""
    return receivers.is_one_of(found.server, [address, one.host])


def _passes(found: Results, domain: str) -> bool:
    # Of several senders the server may have looked at another one than is shown.
    if found.dmarc == PASSED and finding.same(found.dmarc_domain or domain, domain):
        return True
    proven = ((found.spf, found.spf_domain), (found.dkim, found.dkim_domain))
    return any(result == PASSED and finding.same(one, domain) for result, one in proven)
