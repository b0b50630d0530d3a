"""The shipped catalogue of providers by domain: which servers serve whose addresses.

``data/catalogue.json`` states facts in a form of its own, one provider a line; ``manage.py
check_catalogue`` compares it with the published data it was made from. A server is written
``host:port security username auth``, for example ``imap.example.com:993 tls address password``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from connectivity.discovery import Finding
from connectivity.providers import PROVIDERS, Provider
from protocols.offers import ADDRESS, DOMAIN, KINDS, LOCAL_PART, Kind, Offer
from protocols.types import Security

DATA = Path(__file__).parent / "data" / "catalogue.json"
_SHORT = {
    ADDRESS: "address",
    LOCAL_PART: "local-part",
    f"{LOCAL_PART}.{DOMAIN}": "local-part.domain",
}
_LONG = {short: long for long, short in _SHORT.items()}
# Where nothing that is known here is named as a way to sign in.
_NO_AUTH = "-"


@dataclass(frozen=True, slots=True)
class Entry:
    """One provider: what its domains are, and its servers, the preferred ones first."""

    id: str
    name: str
    domains: tuple[str, ...]
    offers: tuple[Offer, ...]

    @property
    def tile(self) -> Provider | None:
        """The tile of this provider, which knows what to do there first; None without one."""
        return next((one for one in PROVIDERS if self._names(one)), None) or tile_of_hosts(
            offer.host for offer in self.offers
        )

    def finding(self, detail: str) -> Finding:
        """Its servers as what a step brought; ``detail`` names what led here."""
        tile = self.tile
        return Finding(self.offers, detail, is_certain=True, tile=tile.key if tile else "")

    def _names(self, provider: Provider) -> bool:
        return not set(provider.domains).isdisjoint(self.domains)


def tile_of_hosts(hosts: Iterable[str]) -> Provider | None:
    """The tile that owns one of these servers; None if none does.

    Of tiles that share a server, the later one is for domains of people's own.
    """
    wanted = set(hosts)
    return next((one for one in reversed(PROVIDERS) if any(map(one.owns, wanted))), None)


def entry_for(domain: str) -> Entry | None:
    """The provider of exactly this domain, in lower case; None if it is not known."""
    return _by_domain().get(domain)


@lru_cache(maxsize=1)
def _by_domain() -> Mapping[str, Entry]:
    return by_domain(load())


def by_domain(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Entries by their domains; the first one that names a domain has it."""
    found: dict[str, Entry] = {}
    for entry in entries:
        for domain in entry.domains:
            found.setdefault(domain, entry)
    return found


def load(path: Path = DATA) -> tuple[Entry, ...]:
    """Every entry of a catalogue; raises `ValueError` or `KeyError` for one that is broken."""
    rows = json.loads(path.read_text(encoding="utf-8"))["providers"]
    return tuple(_entry(row) for row in rows)


def text_of(entries: Sequence[Entry], *, checked_on: str, source: str) -> str:
    """The catalogue as it is written: one provider a line, so that changes can be read."""
    rows = ",\n".join(json.dumps(row_of(one), ensure_ascii=False) for one in entries)
    head = json.dumps({"source": source, "checked_on": checked_on}, ensure_ascii=False)
    return f'{head[:-1]}, "providers": [\n{rows}\n]}}\n'


def row_of(entry: Entry) -> dict[str, Any]:
    """An entry as it is written."""
    servers = {
        kind: [_server(offer) for offer in entry.offers if offer.kind == kind] for kind in KINDS
    }
    return {"id": entry.id, "name": entry.name, "domains": list(entry.domains)} | {
        kind: rows for kind, rows in servers.items() if rows
    }


def _server(offer: Offer) -> str:
    username = _SHORT.get(offer.username, offer.username)
    auth = "+".join(offer.auth) or _NO_AUTH
    return f"{offer.host}:{offer.port} {offer.security} {username} {auth}"


def _entry(row: Mapping[str, Any]) -> Entry:
    offers = [_offer(kind, text) for kind in KINDS for text in row.get(kind, ())]
    return Entry(row["id"], row["name"], tuple(row["domains"]), tuple(offers))


def _offer(kind: Kind, text: str) -> Offer:
    place, security, username, auth = text.split(" ")
    host, _, port = place.rpartition(":")
    return Offer(
        kind=kind,
        host=host,
        port=int(port),
        security=Security(security),
        username=_LONG.get(username, username),
        auth=() if auth == _NO_AUTH else tuple(auth.split("+")),
    )
