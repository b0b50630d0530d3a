"""Questions to name servers: who takes the mail of a domain, which servers and texts it has.

Plain DNS can be forged by anybody on the way, so what it says is a hint. Each call ends within
its deadline; names that lead to other names are followed as far as dnspython does (16 times).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from protocols.errors import NameNotFound, Stage
from protocols.types import Deadline

# More mail hosts or services than that is nobody's need.
MOST = 16
#: Some domains keep a hundred proofs of ownership beside the record that is looked for.
MOST_TEXTS = 200
MOST_TEXT = 4096
#: Answers that are kept as long as they say they hold, the least used given up; for all threads.
Answers = dns.resolver.LRUCache
#: Address and port of a name server, as in `protocols.address.AddressPolicy`.
Nameserver = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Service:
    """A server named by an SRV record (RFC 2782); lower priority first, heavier weight first."""

    host: str
    port: int
    priority: int
    weight: int


def mail_hosts(
    domain: str, *, deadline: Deadline, nameservers: Sequence[Nameserver] = ()
) -> tuple[str, ...]:
    """The hosts that take mail for a domain (RFC 5321 section 5.1), the preferred one first.

    None for a domain without any, or one that says it takes no mail (RFC 7505). Raises
    `NameNotFound` (name-timeout, name-unsure) when the question was not answered, and `Hung` when
    no time is left.
    """
    rows = _ask(domain, dns.rdatatype.MX, deadline, nameservers)
    ordered = sorted(rows, key=lambda row: (row.preference, _text(row.exchange)))
    return tuple(filter(None, (_text(row.exchange) for row in ordered[:MOST])))


def services(
    name: str, domain: str, *, deadline: Deadline, nameservers: Sequence[Nameserver] = ()
) -> tuple[Service, ...]:
    """The servers of a service such as `_imaps._tcp` (RFC 6186, RFC 8314 section 5.1).

    None where it is said not to be offered (target "."). Raises as `mail_hosts`.
    """
    rows = _ask(f"{name}.{domain}", dns.rdatatype.SRV, deadline, nameservers)
    found = [Service(_text(row.target), row.port, row.priority, row.weight) for row in rows[:MOST]]
    ordered = sorted(found, key=lambda one: (one.priority, -one.weight, one.host))
    return tuple(one for one in ordered if one.host and one.port)


def alias(name: str, *, deadline: Deadline, nameservers: Sequence[Nameserver] = ()) -> str:
    """The name another one stands for (CNAME); empty if it stands for itself. Raises as above."""
    rows = _ask(name, dns.rdatatype.CNAME, deadline, nameservers)
    return _text(rows[0].target) if rows else ""


def texts(
    name: str,
    *,
    deadline: Deadline,
    nameservers: Sequence[Nameserver] = (),
    cache: Answers | None = None,
) -> tuple[str, ...]:
    """The TXT records of a name, the pieces of each joined (RFC 7208 section 3.3). Raises as above.

    Names that do not exist have none. `cache` keeps answers as long as they say they hold.
    """
    rows = _ask(name, dns.rdatatype.TXT, deadline, nameservers, cache)
    joined = (b"".join(row.strings)[:MOST_TEXT] for row in rows[:MOST_TEXTS])
    return tuple(one.decode("utf-8", "replace") for one in joined)


def addresses(
    name: str, *, deadline: Deadline, nameservers: Sequence[Nameserver] = ()
) -> tuple[str, ...]:
    """The IPv4 and IPv6 addresses of a name, for comparing; connections go through the guard.

    Raises as above.
    """
    kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
    rows = [row for kind in kinds for row in _ask(name, kind, deadline, nameservers)[:MOST]]
    return tuple(str(row.address) for row in rows)


def _ask(
    name: str,
    kind: dns.rdatatype.RdataType,
    deadline: Deadline,
    nameservers: Sequence[Nameserver],
    cache: Answers | None = None,
) -> list[Any]:
    try:
        asked = resolver(nameservers)
        asked.cache = cache
        answer = asked.resolve(
            name, kind, lifetime=deadline.remaining(), search=False, raise_on_no_answer=False
        )
    except (
        dns.resolver.NXDOMAIN, dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel
    ):  # fmt: skip
        return []
    except dns.exception.Timeout:
        raise NameNotFound(Stage.NAME, "name-timeout", host=name) from None
    except (dns.exception.DNSException, OSError, ValueError):
        raise NameNotFound(Stage.NAME, "name-unsure", host=name) from None
    return list(answer.rrset or ())


def resolver(nameservers: Sequence[Nameserver] = ()) -> dns.resolver.Resolver:
    """A resolver that asks these servers; without any, those the machine is set up with.

    Raises dnspython's `NoResolverConfiguration`, and `ValueError` for what is no address.
    """
    if not nameservers:
        return dns.resolver.Resolver()
    made = dns.resolver.Resolver(configure=False)
    made.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in nameservers]
    return made


def _text(name: dns.name.Name) -> str:
    """A name in lower case without the root dot; empty for the root itself."""
    return name.to_text(omit_final_dot=True).lower().rstrip(".")
