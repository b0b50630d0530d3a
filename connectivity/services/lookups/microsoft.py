"""Microsoft's autodiscover (step 6), which others answer as well."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from connectivity.discovery import Finding, offers_of
from connectivity.providers import by_key
from connectivity.services.lookups.configs import fetch
from connectivity.services.lookups.question import Question, at_once, first, registrable
from protocols import autodiscover, dns, web
from protocols.offers import Offer
from protocols.types import Security

_XML = {"Content-Type": "text/xml; charset=utf-8"}
#: Where the names of Microsoft's own servers end.
_MICROSOFT = ("outlook.com", "office365.com")


def by_autodiscover(question: Question) -> Finding | None:
    """Step 6: Microsoft's autodiscover, in JSON and in XML, at the domain's own hosts only."""
    hosts = (f"autodiscover.{question.domain}", question.domain)
    jobs: list[Callable[[], Finding | None]] = [partial(_by_alias, question, hosts[0])]
    jobs += [partial(_by_json, question, host) for host in hosts]
    jobs += [partial(_by_pox, question, host) for host in hosts]
    return first(at_once(jobs, question.deadline))


def _place(question: Question, host: str) -> str:
    port = question.ports.https
    return f"https://{host}" if port == 443 else f"https://{host}:{port}"


def _by_alias(question: Question, host: str) -> Finding | None:
    """A domain whose autodiscover is Microsoft's by another name is at Microsoft 365."""
    target = dns.alias(host, deadline=question.deadline, nameservers=question.policy.nameservers)
    return _at_microsoft(target)


def _at_microsoft(host: str) -> Finding | None:
    tile = by_key("microsoft365")
    if tile is None or not host.endswith(_MICROSOFT) or registrable(host) not in _MICROSOFT:
        return None
    return Finding(offers_of(tile), host, is_certain=True, tile=tile.key)


def _by_json(question: Question, host: str) -> Finding | None:
    answer = fetch(question, autodiscover.json_url(_place(question, host), question.address))
    if answer is None:
        return None
    named = autodiscover.json_host(answer.body)
    found = _at_microsoft(named)
    if found is not None:
        return found
    # An Exchange of their own: whether it speaks IMAP is for the test to find out.
    offers = (Offer("imap", named, question.ports.imap, Security.TLS),)
    return Finding(offers, host, is_forgeable=True, tile="exchange")


def _by_pox(question: Question, host: str) -> Finding | None:
    answer = web.post(
        f"{_place(question, host)}/autodiscover/autodiscover.xml",
        autodiscover.pox_request(question.address),
        policy=question.policy,
        trust=question.trust,
        deadline=question.deadline.remaining(),
        headers=_XML,
        ports=frozenset({question.ports.https}),
    )
    if answer.status != 200:
        return None
    offers = autodiscover.parse(answer.body, question.address)
    return Finding(offers, host) if offers else None
