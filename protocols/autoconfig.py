"""Reading `config-v1.1.xml`, in which a provider names its servers (Mozilla autoconfig).

The file comes from anybody: it is bounded, entities and document types are refused, and
whatever does not make a whole server is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError  # only their names: defusedxml parses

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from protocols.errors import ProtocolBroken, Stage
from protocols.offers import ADDRESS, DOMAIN, KINDS, Kind, Offer, fill, host_of, tidy
from protocols.types import Security

CAP = 262_144  # bytes
MOST_SERVERS = 32
MOST_DOMAINS = 2_000
LONGEST = 320  # letters of a value
_KINDS: dict[str, Kind] = {"imap": "imap", "pop3": "pop", "smtp": "smtp"}
_SECURITY = {"ssl": Security.TLS, "starttls": Security.STARTTLS, "plain": Security.NONE}
_AUTH = {
    "password-cleartext": "password",
    "plain": "password",  # as written before version 1.1
    "password-encrypted": "password",
    "secure": "password",
    "oauth2": "oauth",
}


@dataclass(frozen=True, slots=True)
class Config:
    """What one provider says: its id and name, the domains it means, its servers in order."""

    id: str
    name: str
    domains: tuple[str, ...]
    offers: tuple[Offer, ...]


def parse(data: bytes) -> Config:
    """The first provider of a configuration; raises `ProtocolBroken` where there is none."""
    root = document(data, "clientConfig")
    provider = next((each for each in root if local_name(each) == "emailProvider"), None)
    if provider is None:
        raise ProtocolBroken(Stage.FETCH, server_line="no provider in the configuration")
    domains = [host_of(_said(each)) for each in children(provider, "domain")]
    offers = [offer for each in provider if (offer := _offer(each)) is not None]
    return Config(
        id=(provider.get("id") or "")[:LONGEST],
        name=tidy(value(provider, "displayShortName") or value(provider, "displayName")),
        domains=tuple(dict.fromkeys(filter(None, domains[:MOST_DOMAINS]))),
        offers=tuple(sorted(offers[:MOST_SERVERS], key=lambda one: KINDS.index(one.kind))),
    )


def document(data: bytes, root_name: str) -> Element:
    """The root of an XML document; raises `ProtocolBroken` for anything unfit or of another name.

    No entity, document type or reference to elsewhere is let in.
    """
    if len(data) > CAP:
        raise ProtocolBroken(Stage.FETCH, server_line="a configuration too long")
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise ProtocolBroken(Stage.FETCH, server_line="no configuration in XML") from None
    if local_name(root) != root_name:
        raise ProtocolBroken(Stage.FETCH, server_line="another kind of document")
    return root


def local_name(element: Element) -> str:
    """The name of an element without its namespace; empty for comments and the like."""
    tag: Any = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: Element, name: str) -> Iterator[Element]:
    """The children of one name, whatever their namespace."""
    return (each for each in element if local_name(each) == name)


def value(element: Element, name: str) -> str:
    """The text of the first child of a name; empty if there is none or it is too long."""
    return next((_said(each) for each in children(element, name)), "")


def _said(element: Element) -> str:
    text = (element.text or "").strip()
    return text if len(text) <= LONGEST and text.isprintable() else ""


def _offer(element: Element) -> Offer | None:
    """A server as it is written; None for other things, and for one that is not whole."""
    incoming = {"incomingServer": True, "outgoingServer": False}.get(local_name(element))
    kind = _KINDS.get((element.get("type") or "").strip().lower())
    if incoming is None or kind is None or incoming == (kind == "smtp"):
        return None
    host = tidy(value(element, "hostname"))
    port = value(element, "port")
    security = _SECURITY.get(value(element, "socketType").lower())
    # A placeholder is tried with a domain that exists nowhere.
    if security is None or not host_of(fill(host, "a@example.invalid")) or not _is_port(port):
        return None
    said = [_AUTH.get(_said(each).lower(), "") for each in children(element, "authentication")]
    return Offer(
        kind=kind,
        host=host if DOMAIN in host else host_of(host),
        port=int(port),
        security=security,
        username=tidy(value(element, "username")) or ADDRESS,
        auth=tuple(dict.fromkeys(filter(None, said))),
    )


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text[:6]) < 65536
