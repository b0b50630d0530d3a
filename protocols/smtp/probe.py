"""Trying out an SMTP server without sending anything."""

from protocols.address import AddressPolicy
from protocols.smtp.entry import Offer, enter, leave
from protocols.smtp.envelope import Envelope, check_addresses, commands
from protocols.smtp.replies import ask, sender_refused
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login
from protocols.wire import Wire


def probe(
    endpoint: Endpoint,
    login: Login | None,
    *,
    policy: AddressPolicy,
    trust: Trust,
    clock: Deadline,
    sender: str | None,
) -> Offer:
    """Sign in, offer the sender where there is one, take it back; what the server offers."""
    if sender:
        check_addresses(sender, [sender])
    wire, offer = enter(endpoint, login, policy=policy, trust=trust, total=clock)
    try:
        if sender:
            _offer(wire, offer, sender)
        leave(wire)
    finally:
        wire.close()
    return offer


def _offer(wire: Wire, offer: Offer, sender: str) -> None:
    """Name the sender and take it back. Raises `Refused` where it is not taken."""
    reply = ask(wire, commands(Envelope(sender, [sender]), b"", offer).mail)
    if reply.code != 250:
        raise sender_refused(reply)
    ask(wire, b"RSET")
