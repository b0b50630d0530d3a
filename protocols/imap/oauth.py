"""Signing in with an OAuth 2 access token: SASL XOAUTH2 and OAUTHBEARER (RFC 7628)."""

import base64
import imaplib


class NotOfferedError(imaplib.IMAP4.error):
    """The server takes no access tokens."""


class Exchange:
    """The client's side of one exchange.

    A server that refuses a token explains itself in one more challenge, and says NO only after
    that was answered: with nothing (XOAUTH2) or with a single ^A (RFC 7628 section 3.2.3).
    """

    def __init__(self, first: bytes, dismissal: bytes, *, sent: bool) -> None:
        """`sent` says that the first answer travelled with the command (RFC 4959)."""
        self._first = first
        self._dismissal = dismissal
        self._sent = sent

    def answer(self, challenge: bytes | None) -> bytes:
        """The answer to a challenge, in base64."""
        if self._sent:
            return self._dismissal
        self._sent = True
        return self._first


def sign_in(
    imap: imaplib.IMAP4, capabilities: frozenset[str], username: bytes, token: bytes
) -> None:
    """Sign in; raises `NotOfferedError`, and `imaplib.IMAP4.error` with the words of a NO."""
    if "AUTH=XOAUTH2" in capabilities:
        mechanism, dismissal = "XOAUTH2", b""
        first = b"user=" + username + b"\x01auth=Bearer " + token + b"\x01\x01"
    elif "AUTH=OAUTHBEARER" in capabilities:
        mechanism, dismissal = "OAUTHBEARER", base64.b64encode(b"\x01")
        name = username.replace(b"=", b"=3D").replace(b",", b"=2C")
        first = b"n,a=" + name + b",\x01auth=Bearer " + token + b"\x01\x01"
    else:
        raise NotOfferedError
    blob = base64.b64encode(first)
    initial = "SASL-IR" in capabilities
    exchange = Exchange(blob, dismissal, sent=initial)
    # imaplib takes a bound method for somebody to ask whenever the server sends a challenge.
    imap.literal = exchange.answer  # type: ignore[assignment] # typed for strings only
    kind, data = imap._simple_command("AUTHENTICATE", mechanism, *([blob] if initial else []))
    if kind != "OK":
        raise imaplib.IMAP4.error((data[-1] or b"").decode("utf-8", "replace"))
    imap.state = "AUTH"
