"""Clients that meet the real server and the scripted ones."""

from itertools import count

import pytest

from protocols.address import AddressPolicy
from protocols.check import CheckReport, Kind, check
from protocols.imap import ImapSource
from protocols.smtp import Session
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.dovecot import Dovecot
from standin.hostile import Hostile
from tests.protocols import smtp_talk
from tests.protocols.scripted import LOGIN, Open, Reach, Try

BOX_PASSWORD = "box secret"
_serial = count(1)


@pytest.fixture
def imap_user(dovecot: Dovecot) -> str:
    """A mailbox of the test's own."""
    name = f"imap{next(_serial)}"
    dovecot.add_user(name, BOX_PASSWORD)
    return name


@pytest.fixture
def open_imap(dovecot: Dovecot, loopback: AddressPolicy, trust: Trust) -> Open:
    """Signs in to the real server."""

    def opened(
        user: str,
        password: str = BOX_PASSWORD,
        security: Security = Security.TLS,
        *,
        compress: bool = False,
    ) -> ImapSource:
        port = dovecot.imaps_port if security is Security.TLS else dovecot.imap_port
        endpoint = Endpoint("localhost", port, security)
        return ImapSource.open(
            endpoint, Login(user, password), policy=loopback, trust=trust, compress=compress
        )

    return opened


@pytest.fixture
def imap(loopback: AddressPolicy, trust: Trust) -> Reach:
    def reached(
        server: Hostile,
        security: Security = Security.NONE,
        *,
        deadline: float = 30,
        host: str = "localhost",
    ) -> ImapSource:
        endpoint = Endpoint(host, server.port, security)
        return ImapSource.open(endpoint, LOGIN, policy=loopback, trust=trust, deadline=deadline)

    return reached


@pytest.fixture
def tried(loopback: AddressPolicy, trust: Trust) -> Try:
    def report(
        kind: Kind,
        port: int,
        security: Security | None = None,
        *,
        login: Login = LOGIN,
        require_ssl: bool = True,
        deadline: float = 30,
        host: str = "localhost",
    ) -> CheckReport:
        return check(
            kind,
            Endpoint(host, port, security or Security.TLS),
            login,
            policy=loopback,
            trust=trust,
            security=security,
            require_ssl=require_ssl,
            sender="mara@provider.test",
            deadline=deadline,
        )

    return report


@pytest.fixture
def open_smtp(loopback: AddressPolicy, trust: Trust) -> smtp_talk.Open:
    """Signs in to an SMTP server, or merely greets it."""

    def opened(
        port: int,
        security: Security = Security.NONE,
        *,
        login: Login | None = None,
        deadline: float = 5,
    ) -> Session:
        return Session.open(
            Endpoint("localhost", port, security),
            login,
            policy=loopback,
            trust=trust,
            deadline=deadline,
        )

    return opened
