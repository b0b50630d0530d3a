"""Whether a mail server is at home under a guessed name: nothing but its greeting is asked for."""

from protocols import check, greet
from protocols.address import AddressPolicy
from protocols.offers import Kind
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Security

_GREETS: dict[Kind, str] = {"imap": "IMAP", "pop": "POP3", "smtp": "SMTP"}


def knock(
    kind: Kind, endpoint: Endpoint, *, policy: AddressPolicy, trust: Trust, deadline: float
) -> None:
    """Come in by TLS, read the greeting, and go; the certificate and the name are verified.

    Where encryption has to be asked for, which only SMTP is asked here, EHLO and STARTTLS are
    said as well. Raises a `MailServerError` for anything but a server of that kind.
    """
    if endpoint.security is Security.TLS:
        total = Deadline(deadline)
        wire = greet.dial(endpoint, policy, trust, total)
        try:
            greet.greeting(wire, _GREETS[kind])
        finally:
            wire.close()
        return
    report = check.check(kind, endpoint, None, policy=policy, trust=trust, deadline=deadline)
    if report.error is not None:
        raise report.error
