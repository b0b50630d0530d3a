"""Whether a message is really from whom it says, as far as that is known when it comes in.

No DNS is asked here: mail would wait for it. Signatures are checked by ourselves when a message is
opened (`webmail.services.judging`); until then what counts is the word of the server that took the
message in for us, who saw which host it came from, and nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import User
from mailstore import auth_results, receivers
from mailstore.auth_results import PASSED, Results
from mailstore.mime import Summary
from mailstore.models import Source
from mailstore.verdict import FAILS, PASSES, UNKNOWN


def proof(user: User, said: Summary, read: Callable[[], bytes], source: Source | None) -> str:
    """``PASSES``, ``FAILS`` or ``UNKNOWN`` of `mailstore.verdict`. Never raises.

    Lists change what they pass on, so that a message of theirs that fails proves nothing.
    """
    if source is None or not said.authentication_results:
        return UNKNOWN
    found = auth_results.read(said.authentication_results)
    hosts = [source.address.rpartition("@")[2]]
    if found is None or not receivers.is_one_of(found.server, hosts):
        return UNKNOWN
    if _passes(found, said.from_address.rpartition("@")[2].casefold()):
        return PASSES
    return FAILS if found.dmarc == "fail" and not said.list_address else UNKNOWN


def _passes(found: Results, domain: str) -> bool:
    if found.dmarc == PASSED:
        return True
    proven = ((found.spf, found.spf_domain), (found.dkim, found.dkim_domain))
    return any(result == PASSED and _is_near(one, domain) for result, one in proven)


def _is_near(one: str, domain: str) -> bool:
    """Whether one domain is the other, or below it (RFC 7489 section 3.1, less what needs the
    list of public suffixes)."""
    if "." not in one or "." not in domain:
        return False
    return one == domain or one.endswith(f".{domain}") or domain.endswith(f".{one}")
