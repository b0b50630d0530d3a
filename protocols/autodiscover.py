"""Reading what Microsoft's autodiscover answers: version 2 in JSON, the older POX in XML.

Many servers that are no Exchange answer in POX too, without a sign-in, and name their IMAP, POP
and SMTP servers in it ([MS-OXDSCLI]). An Exchange wants a sign-in first and gets none.
"""

import json
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from protocols.autoconfig import children, document, local_name, value
from protocols.errors import ProtocolBroken, Stage
from protocols.offers import ADDRESS, LOCAL_PART, Kind, Offer, host_of
from protocols.types import Security

_REQUEST = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
_ANSWER = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
MOST = 32
_KINDS: dict[str, Kind] = {"IMAP": "imap", "POP3": "pop", "SMTP": "smtp"}
_FROM_START = {993, 995, 465}
_USUAL = {"imap": 993, "pop": 995, "smtp": 465}


def json_url(base: str, address: str) -> str:
    """The question of version 2 at a server `https://host[:port]`."""
    return f"{base}/autodiscover/autodiscover.json?Email={quote(address)}&Protocol=EWS"


def json_host(data: bytes) -> str:
    """The host an answer of version 2 sends us to; raises `ProtocolBroken` if there is none."""
    try:
        said = json.loads(data)
        url = said["Url"] if isinstance(said, dict) else ""
        host = host_of(urlsplit(url).hostname or "") if isinstance(url, str) else ""
    except (ValueError, KeyError, RecursionError):
        host = ""
    if not host:
        raise ProtocolBroken(Stage.FETCH, server_line="no address in the answer")
    return host


def pox_request(address: str) -> bytes:
    """What is posted to `/autodiscover/autodiscover.xml`: the address, and which answer is read."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="{_REQUEST}"><Request>'
        f"<EMailAddress>{escape(address)}</EMailAddress>"
        f"<AcceptableResponseSchema>{_ANSWER}</AcceptableResponseSchema>"
        "</Request></Autodiscover>"
    ).encode()


def parse(data: bytes, address: str) -> tuple[Offer, ...]:
    """The servers named in an answer in POX; none if it names other things.

    Where a name to sign in with is the address asked for, or a part of it, its placeholder stands
    for it. Raises `ProtocolBroken` for what is no such answer.
    """
    root = document(data, "Autodiscover")
    protocols = [
        protocol
        for response in children(root, "Response")
        for account in children(response, "Account")
        for protocol in children(account, "Protocol")
    ]
    offers = [_offer(protocol, address) for protocol in protocols[:MOST]]
    return tuple(offer for offer in offers if offer is not None)


def _offer(protocol: Element, address: str) -> Offer | None:
    said = {local_name(each): value(protocol, local_name(each)) for each in protocol}
    kind = _KINDS.get((said.get("Type") or protocol.get("Type") or "").upper())
    host = host_of(said.get("Server", ""))
    if kind is None or not host:
        return None
    text = said.get("Port") or str(_USUAL[kind])
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:6]) < 65536):
        return None
    security = _security(said, int(text))
    return Offer(kind, host, int(text), security, _username(said.get("LoginName", ""), address))


def _security(said: dict[str, str], port: int) -> Security:
    """`Encryption` is the newer element and comes before `SSL`, which is on unless said."""
    named = said.get("Encryption", "").upper()
    if named == "NONE" or (not named and said.get("SSL", "on").lower() == "off"):
        return Security.NONE
    if named == "TLS":
        return Security.STARTTLS
    return Security.TLS if port in _FROM_START or named == "SSL" else Security.STARTTLS


def _username(said: str, address: str) -> str:
    forms = {"": ADDRESS, address.lower(): ADDRESS, address.rpartition("@")[0].lower(): LOCAL_PART}
    return forms.get(said.lower(), said)
