"""One message over a connection of its own."""

from collections.abc import Callable, Sequence

from protocols.address import AddressPolicy
from protocols.smtp.envelope import Envelope, check_addresses
from protocols.smtp.session import SendReport, Session
from protocols.tls import Trust
from protocols.types import Endpoint, Login


def send(
    endpoint: Endpoint,
    login: Login | None,
    *,
    policy: AddressPolicy,
    trust: Trust,
    sender: str,
    recipients: Sequence[str],
    message: bytes,
    before_dot: Callable[[], None] | None = None,
    deadline: float = 300.0,
) -> SendReport:
    """Connect, send one message to all recipients, and leave; see `Session.send`.

    A refused sender or sign-in raises; a refused recipient is in the report.
    """
    check_addresses(sender, recipients)
    with Session.open(endpoint, login, policy=policy, trust=trust, deadline=deadline) as session:
        envelope = Envelope(sender, recipients)
        return session.send(envelope, message, before_dot=before_dot, deadline=deadline)
