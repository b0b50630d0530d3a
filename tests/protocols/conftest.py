"""Clients that meet the scripted servers."""

import pytest

from protocols.address import AddressPolicy
from protocols.check import CheckReport, Kind, check
from protocols.imap import ImapSource
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.hostile import Hostile
from tests.protocols.scripted import LOGIN, Reach, Try


@pytest.fixture
def imap(loopback: AddressPolicy, trust: Trust) -> Reach:
    def reached(
        server: Hostile,
        security: Security = Security.NONE,
        *,
        deadline: float = 4,
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
        deadline: float = 4,
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
