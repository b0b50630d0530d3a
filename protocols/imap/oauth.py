"""Signing in to IMAP with an OAuth 2 access token (`protocols.sasl`)."""

import imaplib

from protocols import sasl


class NotOfferedError(imaplib.IMAP4.error):
    """The server takes no access tokens."""


class Exchange:
    """The client's side of one exchange.

    A server that refuses a token explains itself in one more challenge, and says NO only after
    that was answered.
    """

    def __init__(self, first: bytes, dismissal: bytes, *, sent: bool) -> None:
        """`sent` says that the first answer travelled with the command (RFC 4959)."""
        self._first = first
        self._dismissal = dismissal
        self._sent = sent
        self.complaint = ""

    def answer(self, challenge: bytes | None) -> bytes:
        """The answer to a challenge, in base64."""
        if self._sent:
            self.complaint = sasl.complaint(challenge)
            return self._dismissal
        self._sent = True
        return self._first


def sign_in(imap: imaplib.IMAP4, capabilities: frozenset[str], username: str, token: str) -> None:
    """Sign in; raises `NotOfferedError`, and `imaplib.IMAP4.error` with the words of a NO."""
    offered = {each.removeprefix("AUTH=") for each in capabilities if each.startswith("AUTH=")}
    mechanism = sasl.chosen(offered)
    if not mechanism:
        raise NotOfferedError
    blob = sasl.first(mechanism, username, token)
    initial = "SASL-IR" in capabilities
    exchange = Exchange(blob, sasl.dismissal(mechanism), sent=initial)
    # imaplib takes a bound method for somebody to ask whenever the server sends a challenge.
    imap.literal = exchange.answer  # type: ignore[assignment] # typed for strings only
    kind, data = imap._simple_command("AUTHENTICATE", mechanism, *([blob] if initial else []))
    if kind != "OK":
        words = (data[-1] or b"").decode("utf-8", "replace")
        raise imaplib.IMAP4.error(f"{words} {exchange.complaint}".strip())
    imap.state = "AUTH"
