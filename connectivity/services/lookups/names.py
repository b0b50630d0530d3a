"""What name servers tell: who takes the mail (step 4), and which servers are named (step 5)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from connectivity import directory
from connectivity.discovery import Finding, parents
from connectivity.services.lookups.configs import FILE, WELL_KNOWN, config
from connectivity.services.lookups.question import Question, at_once, first, registrable
from protocols import dns
from protocols.errors import MailServerError
from protocols.offers import Kind, Offer
from protocols.types import Security

MOST_MAIL_HOSTS = 3


def mail_hosts(question: Question) -> tuple[str, ...]:
    """The hosts that take the domain's mail."""
    found = dns.mail_hosts(
        question.domain, deadline=question.deadline, nameservers=question.policy.nameservers
    )
    return found[:MOST_MAIL_HOSTS]


def by_mail_hosts(question: Question, hosts: Sequence[str]) -> Finding | None:
    """Step 4: who takes the mail: in the catalogue, else what that domain publishes."""
    for host in hosts:
        for name in parents(host, registrable(host)):
            entry = directory.entry_for(name)
            if entry is not None:
                return entry.finding(host)
    if not hosts:
        return None
    base = registrable(hosts[0])
    domains = [name for name in parents(hosts[0], base)[1:] if name in _near(hosts[0], base)]
    jobs = [
        partial(config, question, host, path)
        for domain in domains
        if domain != question.domain
        for host, path in (
            (f"autoconfig.{domain}", FILE),
            (domain, WELL_KNOWN),
        )
    ]
    return first(at_once(jobs, question.deadline))


def _near(host: str, base: str) -> tuple[str, str]:
    """The domain a host is directly in, and the registered one."""
    return host.partition(".")[2], base


_SERVICES: tuple[tuple[str, Kind, Security], ...] = (
    ("_imaps._tcp", "imap", Security.TLS),
    ("_imap._tcp", "imap", Security.STARTTLS),
    ("_pop3s._tcp", "pop", Security.TLS),
    ("_pop3._tcp", "pop", Security.STARTTLS),
    ("_submissions._tcp", "smtp", Security.TLS),
    ("_submission._tcp", "smtp", Security.STARTTLS),
)


def by_services(question: Question) -> Finding | None:
    """Step 5: SRV records (RFC 6186, RFC 8314 section 5.1); anybody may have forged them."""

    def ask(name: str, kind: Kind, security: Security) -> list[Offer]:
        found = dns.services(
            name,
            question.domain,
            deadline=question.deadline,
            nameservers=question.policy.nameservers,
        )
        return [Offer(kind, one.host, one.port, security) for one in found]

    results = at_once([partial(ask, *row) for row in _SERVICES], question.deadline)
    offers = [one for result in results if isinstance(result, list) for one in result]
    if offers:
        return Finding(tuple(offers), offers[0].host, is_forgeable=True)
    for result in results:
        if isinstance(result, MailServerError):
            raise result
    return None
