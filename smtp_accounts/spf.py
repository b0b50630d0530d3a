"""What an SPF record says (RFC 7208), as far as it can be told before a message is sent.

The address a provider's messages come from is not known, so the question is a plain one: does
the record, followed through its includes, name the sender's network or the server itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

MAX_LOOKUPS = 10
"""Terms that need DNS, in all of the records (RFC 7208 section 4.6.4)."""
MAX_TERMS = 200


class UnansweredError(Exception):
    """A question to DNS was not answered, which is another thing than that there is no record."""


#: Answers a question to DNS: the kind (TXT, A, MX) and the name. MX gives host names, A addresses
#: of both kinds. Raises `UnansweredError`.
Ask = Callable[[str, str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Who is to be found in the record: names to include, and addresses of the server."""

    includes: frozenset[str] = frozenset()
    addresses: tuple[str, ...] = ()


@dataclass(slots=True)
class Spf:
    """What was found. ``names`` is whether the record names who is looked for; ``rest`` what it
    says of everybody else (-, ~, ?, +, or empty); ``broken`` is why receivers ignore it."""

    records: list[str] = field(default_factory=list)
    names: bool = False
    rest: str = ""
    broken: str = ""
    lookups: int = 0
    is_unsure: bool = False


def is_record(text: str) -> bool:
    """Whether a TXT record is one of SPF."""
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def records(texts: Sequence[str]) -> list[str]:
    """The SPF records among the TXT records of a name."""
    return [" ".join(one.split()) for one in texts if is_record(one.strip())]


def read(domain: str, ask: Ask, allowed: Allowed) -> Spf:
    """Follow the record of a domain. Raises `UnansweredError` where even that is not to be had;
    what it leads to and is not answered makes it unsure."""
    found = Spf()
    found.records = records(ask("TXT", domain))
    if len(found.records) == 1:
        found.rest = _follow(domain, found.records[0], ask, allowed, found)
    elif len(found.records) > 1:
        found.broken = "many"
    return found


def _follow(domain: str, record: str, ask: Ask, allowed: Allowed, found: Spf) -> str:
    """Read one record; what it says of everybody else."""
    redirect, rest = "", ""
    for term in record.split()[1 : MAX_TERMS + 1]:
        qualifier, name, value = _parts(term)
        if found.broken:
            return ""
        if name == "all":
            rest = qualifier
            break
        if name == "redirect":
            redirect = value
        elif qualifier == "+" and not found.names:
            where = domain + value if value[:1] in ("", "/") else value
            found.names = _names(name, where, ask, allowed, found)
        elif name in ("include", "a", "mx", "ptr", "exists"):
            _count(found)
    if rest or not redirect:
        return rest
    return _included(redirect, ask, allowed, found)


def _parts(term: str) -> tuple[str, str, str]:
    """Qualifier, name and value of a term; a modifier has no qualifier of its own."""
    qualifier = term[0] if term[0] in "+-~?" else "+"
    bare = term.lstrip("+-~?")
    for separator in (":", "="):
        name, found, value = bare.partition(separator)
        if found and name.isalnum():
            return qualifier, name.lower(), value.lower()
    name, _slash, prefix = bare.partition("/")
    return qualifier, name.lower(), f"/{prefix}" if prefix else ""


def _names(name: str, value: str, ask: Ask, allowed: Allowed, found: Spf) -> bool:
    """Whether one mechanism names who is looked for."""
    if name in ("ip4", "ip6"):
        return _covers([value], "", allowed)
    if name == "include":
        if value.rstrip(".") in allowed.includes:
            _count(found)
            return not found.broken
        _included(value, ask, allowed, found)
        return found.names
    if name in ("a", "mx"):
        return _by_host(name, value, ask, allowed, found)
    if name in ("exists", "ptr"):
        _count(found)
        found.is_unsure = True
    return False


def _by_host(name: str, value: str, ask: Ask, allowed: Allowed, found: Spf) -> bool:
    _count(found)
    host, _slash, prefix = value.partition("/")
    if found.broken or "%" in host or not host:
        return False
    try:
        hosts = list(ask("MX", host))[:10] if name == "mx" else [host]
        addresses = [one for each in hosts for one in ask("A", each)]
    except UnansweredError:
        found.is_unsure = True
        return False
    return _covers(addresses, prefix.partition("/")[0], allowed)


def _included(value: str, ask: Ask, allowed: Allowed, found: Spf) -> str:
    _count(found)
    if "%" in value:
        found.is_unsure = True
        return ""
    if found.broken:
        return ""
    try:
        inner = records(ask("TXT", value.rstrip(".")))
    except UnansweredError:
        found.is_unsure = True
        return ""
    if len(inner) != 1:
        found.broken = "include"
        return ""
    return _follow(value.rstrip("."), inner[0], ask, allowed, found)


def _count(found: Spf) -> None:
    found.lookups += 1
    if found.lookups > MAX_LOOKUPS:
        found.broken = "lookups"


def _covers(networks: Sequence[str], prefix: str, allowed: Allowed) -> bool:
    for text in networks:
        try:
            network = ip_network(f"{text}/{prefix}" if prefix else text, strict=False)
        except ValueError:
            continue
        if any(ip_address(one) in network for one in allowed.addresses):
            return True
    return False


def with_term(record: str, term: str) -> str:
    """The record with one more mechanism, before what it says of everybody else."""
    terms = record.split()
    at = next(
        (
            place
            for place, one in enumerate(terms)
            if one.lower().lstrip("+-~?") == "all" or one.lower().startswith("redirect=")
        ),
        len(terms),
    )
    return " ".join([*terms[:at], term, *terms[at:]])


def joined(found: Sequence[str]) -> str:
    """Several records as the one they should be."""
    terms = [one for record in found for one in record.split()[1:]]
    rest = [one for one in terms if one.lower().lstrip("+-~?") == "all"]
    kept = [one for one in dict.fromkeys(terms) if one not in rest]
    return " ".join(["v=spf1", *kept, rest[0] if rest else "~all"])
