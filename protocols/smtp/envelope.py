"""Who a message is from and for, as commands: pure, and with nothing that could be one more.

MAIL and RCPT of RFC 5321, with SIZE (RFC 1870), 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531) and
delivery reports (RFC 3461) where the server offers them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from protocols.errors import ProtocolBroken, Refused, Stage
from protocols.idn import to_ascii
from protocols.quoting import quoted
from protocols.smtp.entry import Offer
from protocols.smtp.replies import Reply

# RFC 5321 4.1.2: a dot-string or a quoted string before the @; no spaces, no angle brackets.
_ADDRESS = re.compile(
    r'(?:"(?:[^"\\\x00-\x1f\x7f]|\\[ -~])+"|[^\s<>()\[\]",:;\\@\x00-\x1f\x7f]+)'
    r"@[^\s<>()\",;\\@\x00-\x1f\x7f]+"
)
_LINE_ENDING = re.compile(rb"\r\n|\r|\n")
_DOT = re.compile(rb"(?m)^\.")
_END_OF_HEADERS = re.compile(rb"\r\n\r\n|\n\n|\r\r")
# RFC 3461 section 4: what may not stand for itself in xtext.
_NOT_XTEXT = re.compile(rb"[^!-*,-<>-~]")
NEEDS_UTF8 = "5.6.7 SMTPUTF8 is needed and not offered"


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who it is from and for. An empty `sender` is that of a bounce.

    `reports` asks for word of delivery, too; without it the world tells of failures only.
    `id` comes back in every report (ENVID), at most 100 ASCII characters of it are sent.
    """

    sender: str
    recipients: Sequence[str]
    reports: bool = False
    id: str = ""


@dataclass(frozen=True, slots=True)
class Commands:
    """What to send for an envelope: RCPT for each recipient, or the reply it has already."""

    mail: bytes
    recipients: Sequence[tuple[str, bytes | Reply]]


def commands(envelope: Envelope, message: bytes, offer: Offer) -> Commands:
    """The commands for this server.

    Raises:
        ProtocolBroken: an address could become a command of its own.
        Refused: the server cannot take this message at all, known before it is asked.
    """
    check_addresses(envelope.sender, envelope.recipients)
    size = len(message)
    if offer.size and size > offer.size:
        raise Refused(
            Stage.SEND,
            server_line=f"SIZE {offer.size}",
            temporary=False,
            code=552,
            reason="5.3.4",
            size=size,
            limit=offer.size,
        )
    asked = not all(each.isascii() for each in (envelope.sender, *envelope.recipients))
    headers_wide = not _headers(message).isascii()
    wide = "SMTPUTF8" in offer and (asked or headers_wide)
    sender = path_of(envelope.sender, wide=wide)
    if sender is None or (headers_wide and not wide):
        raise _needs_utf8()
    mail = b" ".join([b"MAIL FROM:" + sender, *_of_mail(envelope, message, offer, wide)])
    rcpt = [(each, _rcpt(each, envelope, offer, wide)) for each in envelope.recipients]
    return Commands(mail, rcpt)


def _headers(message: bytes) -> bytes:
    end = _END_OF_HEADERS.search(message)
    return message[: end.start()] if end else message


def _needs_utf8() -> Refused:
    """The sender's own address, or the header, cannot be written as this server wants it."""
    return Refused(Stage.SEND, server_line=f"553 {NEEDS_UTF8}", temporary=False, code=553)


def _of_mail(envelope: Envelope, message: bytes, offer: Offer, wide: bool) -> list[bytes]:
    options: list[bytes] = []
    if "SIZE" in offer:
        options.append(b"SIZE=%d" % len(message))
    if "8BITMIME" in offer and not message.isascii():
        options.append(b"BODY=8BITMIME")
    if wide:
        options.append(b"SMTPUTF8")
    if "DSN" in offer:
        options.append(b"RET=HDRS")
        if envelope.id:
            options.append(b"ENVID=" + xtext(envelope.id.encode("ascii", "ignore"))[:100])
    return options


def _rcpt(address: str, envelope: Envelope, offer: Offer, wide: bool) -> bytes | Reply:
    path = path_of(address, wide=wide)
    if path is None:
        return Reply(553, NEEDS_UTF8)
    command = b"RCPT TO:" + path
    if "DSN" in offer and envelope.reports:
        kind = b"rfc822" if address.isascii() else b"utf-8"
        spelt = quoted(address)
        original = xtext(spelt.encode() if spelt.isascii() else _utf8_address(spelt))
        command += b" NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=" + kind + b";" + original
    return command


def _utf8_address(address: str) -> bytes:
    r"""The 7-bit form of RFC 6533 section 3, with \x{…} for what is not ASCII."""
    return "".join(one if one.isascii() else f"\\x{{{ord(one):X}}}" for one in address).encode()


def xtext(value: bytes) -> bytes:
    """Bytes as the parameters of RFC 3461 carry them: others than printable ones as +XX."""
    return _NOT_XTEXT.sub(lambda found: b"+%02X" % found[0][0], value)


def check_addresses(sender: str, recipients: Sequence[str]) -> None:
    """Refuse what could become a command of its own; the empty sender of a bounce is right."""
    if not recipients or not all(
        map(_ADDRESS.fullmatch, [*recipients, *([sender] if sender else [])])
    ):
        raise ProtocolBroken(Stage.SEND, server_line="unusable address", temporary=False)


def path_of(address: str, *, wide: bool) -> bytes | None:
    """An address in angle brackets; None when only UTF-8 could carry it and may not.

    A domain has a form in ASCII (RFC 5891); what stands before the @ has none.
    """
    address = quoted(address)
    if wide or address.isascii():
        return f"<{address}>".encode()
    local, _, domain = address.rpartition("@")
    try:
        return b"<%s@%s>" % (local.encode("ascii"), to_ascii(domain).encode())
    except UnicodeError:
        return None


def stuffed(message: bytes) -> bytes:
    """A message as DATA carries it: CRLF only, dots doubled, ended by CRLF (RFC 5321 4.5.2).

    A lone CR or LF inside would let a receiver see the end of the message where there is none.
    """
    text = _LINE_ENDING.sub(b"\r\n", message)
    if not text.endswith(b"\r\n"):
        text += b"\r\n"
    return _DOT.sub(b"..", text)
