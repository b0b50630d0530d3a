"""Choosing among the servers that were found for an address: pure decisions, nothing is asked.

A finding of an earlier step comes before one of a later step, encryption before none. What
somebody on the way can have made up has to be confirmed before a password is sent there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import unquote, urlsplit, urlunsplit

from connectivity.finding_names import OUTCOME_NAMES, STEP_NAMES
from connectivity.providers import OAUTH, PASSWORD, Provider, name_of
from protocols.offers import Kind, Offer, fill, host_of
from protocols.types import Security


class StepId(StrEnum):
    """The places settings are looked for, in the order in which they are believed."""

    TILE = "tile"
    AUTOCONFIG = "autoconfig"
    WELL_KNOWN = "well-known"
    CATALOGUE = "catalogue"
    MX = "mx"
    SRV = "srv"
    AUTODISCOVER = "autodiscover"
    GUESS = "guess"
    # In clear text: only fills in the form, with a warning.
    CLEAR = "autoconfig-http"


ORDER: tuple[StepId, ...] = tuple(StepId)
#: Answered by what is shipped; nobody is asked.
BUILT_IN = frozenset({StepId.TILE, StepId.CATALOGUE})


class Outcome(StrEnum):
    """How a step ended. FAILED: it was not answered, or by something unfit."""

    FOUND = "found"
    NOTHING = "nothing"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where web and mail servers are looked for; other ones are for tests."""

    https: int = 443
    http: int = 80
    imap: int = 993
    pop: int = 995
    smtps: int = 465
    submission: int = 587


def ports_of(words: Sequence[str]) -> Ports:
    """The usual ports, with those named in their place; raises `ValueError`.

    A word is such as `https=8443`, as in the setting CONNECTIVITY_LOOKUP_PORTS.
    """
    named: dict[str, int] = {}
    for word in words:
        name, _, port = word.partition("=")
        if name not in Ports.__slots__ or not 0 < int(port) < 65536:
            raise ValueError(word)
        named[name] = int(port)
    return Ports(**named)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step brought.

    ``is_certain``: a fact shipped with the product, or a server that proved its name.
    ``is_forgeable``: told without encryption. ``detail`` names where it was found, without
    anybody's address; ``tile`` is the key of the provider, where that is known.
    """

    offers: tuple[Offer, ...]
    detail: str = ""
    is_certain: bool = False
    is_forgeable: bool = False
    tile: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server to try. ``username`` is filled in; ``auth`` is "password" or "oauth".

    ``needs_confirmation``: the person has to agree to this host before a password goes there.
    """

    kind: Kind
    host: str
    port: int
    security: Security
    username: str
    auth: str
    step: StepId
    needs_confirmation: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step, for "How did you find this?"; ``detail`` names a host, never an address.

    ``cause`` is the cause id of a failure.
    """

    id: StepId
    outcome: Outcome
    detail: str = ""
    seconds: float = 0.0
    cause: str = ""

    @property
    def name(self) -> str:
        """Where was looked, in the reader's language."""
        return str(STEP_NAMES[self.id])

    @property
    def outcome_text(self) -> str:
        """How it ended, in the reader's language."""
        return str(OUTCOME_NAMES[self.outcome])


@dataclass(frozen=True, slots=True)
class Found:
    """What is known about the servers of a domain, the best candidate of each kind first.

    ``limited``: the person has looked up too much in this hour, so nobody was asked.
    """

    domain: str
    provider: Provider | None = None
    candidates: tuple[Candidate, ...] = ()
    steps: tuple[Step, ...] = ()
    limited: bool = False

    def best(self, kind: str) -> Candidate | None:
        """The server to try first for "imap", "pop" or "smtp"; None if none was found."""
        return next((one for one in self.candidates if one.kind == kind), None)

    @property
    def incoming(self) -> Candidate | None:
        """The server mail is retrieved from: by IMAP where it is to be had (A43)."""
        return self.best("imap") or self.best("pop")

    @property
    def answered(self) -> Step | None:
        """The step that answered: the one of the server mail is retrieved from."""
        chosen = self.incoming
        wanted = chosen.step if chosen else StepId.TILE
        return next((one for one in self.steps if one.id == wanted), None)


Registrable = Callable[[str], str]


def candidates(
    findings: Mapping[StepId, Finding], address: str, registrable: Registrable, mx: Sequence[str]
) -> tuple[Candidate, ...]:
    """Every server of every finding, the best first, each of them once.

    ``registrable`` is the part of a name somebody registered (public suffix list), ``mx`` the
    hosts that take the domain's mail. Servers without encryption come after all others.
    """
    own = {registrable(address.rpartition("@")[2])}
    known = own | {registrable(host) for host in mx}
    seen: dict[tuple[Kind, str, int], Candidate] = {}
    for step in ORDER:
        finding = findings.get(step)
        for offer in finding.offers if finding else ():
            host = host_of(fill(offer.host, address))
            if not host or finding is None:
                continue
            vouched = registrable(host) in (own if step is StepId.MX else known)
            clear = offer.security is Security.NONE
            doubtful = finding.is_forgeable or not vouched
            one = Candidate(
                kind=offer.kind,
                host=host,
                port=offer.port,
                security=offer.security,
                username=fill(offer.username, address),
                auth=OAUTH if offer.auth == (OAUTH,) else PASSWORD,
                step=step,
                needs_confirmation=clear or (doubtful and not finding.is_certain),
            )
            before = seen.setdefault((one.kind, one.host, one.port), one)
            if before.needs_confirmation and not one.needs_confirmation:
                # A later step vouches for it.
                seen[one.kind, one.host, one.port] = replace(before, needs_confirmation=False)
    return tuple(sorted(seen.values(), key=_rank))


def at_one_owner(
    chosen: Sequence[Candidate], incoming: Candidate, tile: Provider, address: str
) -> tuple[Candidate, ...]:
    """The candidates without servers for sending that would get the secret of another's mailbox.

    Whoever publishes settings can name a tile's server for receiving and one of their own for
    sending; what the person enters or allows is for the tile's servers, so these take its place.
    """
    if not tile.owns(incoming.host):
        return tuple(chosen)
    owner = name_of(incoming.host)
    kept = [
        one
        for one in chosen
        if one.kind != "smtp" or one.step in BUILT_IN or name_of(one.host) == owner
    ]
    if len(kept) == len(chosen) or any(one.kind == "smtp" for one in kept):
        return tuple(kept)
    return (*kept, *(_of_tile(one, incoming, address) for one in offers_of(tile) if _sends(one)))


def _sends(offer: Offer) -> bool:
    return offer.kind == "smtp"


def _of_tile(offer: Offer, incoming: Candidate, address: str) -> Candidate:
    return Candidate(
        kind=offer.kind,
        host=offer.host,
        port=offer.port,
        security=offer.security,
        username=fill(offer.username, address),
        auth=incoming.auth,
        step=incoming.step,
    )


def _rank(one: Candidate) -> tuple[bool, int]:
    """Sorting is stable: what is left equal stays in the order in which it was named."""
    return one.security is Security.NONE, ORDER.index(one.step)


def is_settled(findings: Mapping[StepId, Finding], ended: Collection[StepId]) -> bool:
    """Whether nothing that is still going on could change what is tried first."""
    return _is_settled(findings, ended, ("imap", "pop")) and _is_settled(findings, ended, ("smtp",))


def _is_settled(
    findings: Mapping[StepId, Finding],
    ended: Collection[StepId],
    kinds: tuple[Kind, ...],
) -> bool:
    for step in ORDER:
        finding = findings.get(step)
        if finding and any(
            offer.kind in kinds and offer.security is not Security.NONE for offer in finding.offers
        ):
            return True
        if step not in ended:
            return False
    return True


def offers_of(provider: Provider) -> tuple[Offer, ...]:
    """The servers of a tile, as far as it knows them."""
    auth = (OAUTH,) if provider.auth == OAUTH else (PASSWORD,)
    return tuple(
        Offer(
            kind=kind,
            host=server.host,
            port=server.port,
            security=Security.STARTTLS if server.starttls else Security.TLS,
            username=provider.username_of("%EMAILLOCALPART%@%EMAILDOMAIN%", kind),
            auth=auth,
        )
        for kind in ("imap", "pop", "smtp")
        if (kind == "smtp" or kind in provider.types)
        and (server := provider.server(kind)) is not None
        and server.host
    )


def parents(host: str, base: str) -> tuple[str, ...]:
    """A host and every domain it is in, down to its registrable one: most exact first."""
    names = [host]
    while host != base and host.endswith(f".{base}"):
        host = host.partition(".")[2]
        names.append(host)
    return tuple(names)


def without_address(url: str, address: str) -> str:
    """A web address that tells nobody the mail address: its query is left out if it does.

    Empty where the rest of it tells as well.
    """
    if not _tells(url, address):
        return url
    bare = urlunsplit(urlsplit(url)._replace(query="", fragment=""))
    return "" if _tells(bare, address) else bare


def _tells(url: str, address: str) -> bool:
    local = address.rpartition("@")[0].lower()
    said = unquote(unquote(url)).lower()
    return f"{local}@" in said or address.lower() in said


def personal(offer: Offer, address: str) -> bool:
    """Whether an offer is of use to this person only, and tells who it is."""
    local = address.rpartition("@")[0].lower()
    is_named = local in offer.host.split(".")
    return is_named or "%" not in offer.username
