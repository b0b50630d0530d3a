"""Asking DNS what the world will think of mail from an address (RFC 7208, 6376, 7489).

Nothing waits for this: what was found last is shown, and asked anew at most once a day or by the
button. All questions together have one deadline; what is not answered is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings

from connectivity.directory import entry_for
from connectivity.providers import by_address, by_host, name_of
from connectivity.services import network
from lib.suffixes import organisation
from mailstore import dmarc
from protocols import dns, idn
from protocols.errors import MailServerError
from protocols.types import Deadline
from smtp_accounts import alignment, known_senders, spf
from smtp_accounts.alignment import Facts, Verdict
from smtp_accounts.models import Alignment, Identity
from smtp_accounts.spf import Allowed, UnansweredError

LIMIT = 8.0
"""Seconds for all questions about one address."""
MOST = 20
FRESH = timedelta(days=1)
#: Results of own mail older than this say nothing of today's settings.
SEEN_FOR = timedelta(days=90)
#: The button does no more than show what was found so shortly before.
AGAIN = timedelta(seconds=10)


def check(identity: Identity, now: datetime) -> Alignment:
    """Ask DNS about an identity, grade what it says and keep both. Takes up to `LIMIT` seconds;
    never raises for what DNS does."""
    row, _made = Alignment.objects.get_or_create(identity=identity)
    facts = _facts(identity)
    row.facts, row.checked_at = facts.as_row, now
    row.grade = verdict(row, now=now).grade
    Alignment.objects.filter(pk=row.pk).update(
        facts=row.facts, checked_at=row.checked_at, grade=row.grade
    )
    return row


def check_again(identity: Identity, now: datetime) -> Alignment:
    """As `check`, unless that was done a moment ago."""
    row = Alignment.objects.filter(identity=identity, checked_at__gt=now - AGAIN).first()
    return row or check(identity, now)


def check_due(*, user_id: int, now: datetime) -> int:
    """Ask about those of a person's addresses for which it is time; how many, at most `MOST`."""
    rows = Identity.objects.filter(user=user_id).select_related("account", "alignment")
    due = [one for one in rows if is_due(getattr(one, "alignment", None), one, now)]
    for identity in due[:MOST]:
        check(identity, now)
    return len(due[:MOST])


def is_due(row: Alignment | None, identity: Identity, now: datetime) -> bool:
    """Whether it is time to ask again: after a day, or when address or server is another one."""
    if row is None or row.checked_at is None or row.checked_at < now - FRESH:
        return True
    facts = Facts.of_row(row.facts)
    return (facts.domain, facts.server) != (_domain(identity), _server(identity))


def verdict(row: Alignment, *, now: datetime) -> Verdict:
    """The grade of the facts of a row, and the one thing to mend."""
    return alignment.grade(Facts.of_row(row.facts), signed=_signed(row, now))


def _signed(row: Alignment, now: datetime) -> bool | None:
    """Whether a signature of the domain was seen lately on own mail, and held."""
    if row.results_at is None or row.results_at < now - SEEN_FOR:
        return None
    facts, seen = Facts.of_row(row.facts), row.results
    if seen.get("dkim") != alignment.PASSED:
        return False
    mode = dmarc.policy(facts.dmarc).dkim
    return alignment.is_aligned(
        facts.domain, organisation(facts.domain), seen.get("dkim_domain", ""), mode
    )


def _facts(identity: Identity) -> Facts:
    domain, server = _domain(identity), _server(identity)
    if not domain.isascii():
        return Facts(domain, server, unanswered=[domain])
    relation = _relation(domain, server)
    provider = by_address(identity.address) if relation == "foreign" else by_host(server)
    name = provider.name if provider else name_of(server)
    if relation:
        return Facts(domain, server, relation, name)
    return _asked(domain, server, name)


def _domain(identity: Identity) -> str:
    """The domain of an address in the letters of DNS; as it is where that cannot be."""
    domain = identity.address.rpartition("@")[2].strip().rstrip(".").lower()
    try:
        return idn.to_ascii(domain)
    except UnicodeError:
        return domain


def _server(identity: Identity) -> str:
    if identity.account is not None:
        return identity.account.host.lower().rstrip(".")
    return (urlsplit(settings.RELAY_URL).hostname or "") if settings.RELAY_URL else ""


def _relation(domain: str, server: str) -> str:
    """What the server is to the domain, where that says it all."""
    if not server:
        return "none"
    entry = entry_for(domain)
    tile = by_address(f"x@{domain}")
    if entry is None and tile is None:
        return ""
    hosts = {offer.host for offer in entry.offers} if entry else set()
    own = {organisation(one) for one in hosts if one} | {organisation(domain)}
    if (tile is not None and tile.owns(server)) or organisation(server) in own:
        return "own"
    return "foreign"


def _asked(domain: str, server: str, provider: str) -> Facts:
    asking = _Asking()
    sender = known_senders.of_host(server)
    includes = list(sender.includes) if sender else _likely_includes(server)
    allowed = Allowed(frozenset(includes), tuple(asking("A", server)))
    found = spf.Spf()
    unanswered: list[str] = []
    try:
        found = spf.read(domain, asking, allowed)
    except UnansweredError:
        unanswered.append(domain)
    record, record_at = _dmarc(domain, asking, unanswered)
    selectors = sender.selectors if sender else ()
    return Facts(
        domain=domain,
        server=server,
        provider=provider,
        term=f"include:{sender.includes[0]}" if sender else _term(domain, server, asking),
        spf_records=[one[:1000] for one in found.records[:5]],
        spf_names=found.names,
        spf_rest=found.rest,
        spf_broken=found.broken,
        spf_unsure=found.is_unsure,
        selectors=_selectors(domain, selectors or known_senders.COMMON_SELECTORS, asking),
        asked_selectors=bool(selectors),
        dmarc=record[:1000],
        dmarc_at=record_at,
        unanswered=unanswered,
    )


class _Asking:
    """Questions to DNS with one deadline for all of them, each asked once."""

    def __init__(self) -> None:
        self._deadline = Deadline(LIMIT)
        self._servers = network.nameservers()
        self._known: dict[tuple[str, str], tuple[str, ...]] = {}

    def __call__(self, kind: str, name: str) -> Sequence[str]:
        """The answers; none where an address cannot be had. Raises `UnansweredError`."""
        if (kind, name) not in self._known:
            self._known[kind, name] = self._ask(kind, name)
        return self._known[kind, name]

    def _ask(self, kind: str, name: str) -> tuple[str, ...]:
        kinds: Mapping[str, Callable[..., tuple[str, ...]]] = {
            "TXT": dns.texts,
            "MX": dns.mail_hosts,
            "A": dns.addresses,
        }
        try:
            return kinds[kind](name, deadline=self._deadline, nameservers=self._servers)
        except MailServerError:
            if kind == "A":
                return ()
            raise UnansweredError from None


def _likely_includes(server: str) -> list[str]:
    """What records of customers include for a provider that is not in our table."""
    base = organisation(server)
    starts = ("", "spf.", "_spf.", "mail.", "smtp.", "_netblocks.")
    return [start + base for start in starts] if base else []


def _term(domain: str, server: str, asking: _Asking) -> str:
    """What names a server in a record: ``mx`` where it takes the domain's mail, else its name."""
    try:
        hosts = asking("MX", domain)
    except UnansweredError:
        hosts = ()
    return "mx" if server in hosts else f"a:{server}"


def _dmarc(domain: str, asking: _Asking, unanswered: list[str]) -> tuple[str, str]:
    """The record and the domain it stands at: the address's own, else the one registered."""
    for at in dict.fromkeys((domain, organisation(domain))):
        try:
            texts = asking("TXT", f"_dmarc.{at}")
        except UnansweredError:
            unanswered.append(f"_dmarc.{domain}")
            return "", ""
        found = [one for one in texts if dmarc.is_record(one)]
        # Several records count as none (RFC 7489 section 6.6.3).
        if len(found) == 1:
            return found[0], at
    return "", ""


def _selectors(domain: str, names: Sequence[str], asking: _Asking) -> list[str]:
    """Which of these selectors have a key."""
    there: list[str] = []
    for name in names:
        try:
            texts = asking("TXT", f"{name}._domainkey.{domain}")
        except UnansweredError:
            break
        if any("p=" in one.replace(" ", "") for one in texts):
            there.append(name)
    return there
