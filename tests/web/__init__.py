"""Name servers and web servers on loopback for finding settings, and what they serve.

The good certificate of `tls_files` is valid for river.test and hoster.test and every name in
them, so that servers found by these names can be reached; `elsewhere.test` has none.
"""

from collections.abc import Iterator

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from standin.certs import TlsFiles
from tests.web.names import NameServer
from tests.web.site import Web


@pytest.fixture(scope="session", autouse=True)
def no_names_outside() -> Iterator[None]:
    """No test asks a name server outside: what it does not name itself does not exist, at once."""
    with NameServer() as server:
        configured.CONNECTIVITY_NAMESERVERS = [f"127.0.0.1:{server.port}"]
        yield


@pytest.fixture
def name_server() -> Iterator[NameServer]:
    """A name server with an empty zone; each test has its own, as questions may come late."""
    with NameServer() as server:
        yield server


@pytest.fixture
def web_server(tls_files: TlsFiles) -> Iterator[Web]:
    """Web servers without pages."""
    with Web(tls_files.good) as server:
        yield server


@pytest.fixture
def local_internet(
    settings: Settings, name_server: NameServer, web_server: Web, tls_files: TlsFiles
) -> None:
    """Names, web and the test authority, as the whole world of this installation.

    Mail servers are looked for at ports where nothing listens, unless a test sets others.
    """
    settings.CONNECTIVITY_NAMESERVERS = [f"127.0.0.1:{name_server.port}"]
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)
    settings.CONNECTIVITY_LOOKUP_PORTS = [
        f"https={web_server.https}",
        f"http={web_server.http}",
        "imap=1",
        "pop=1",
        "smtps=1",
        "submission=1",
    ]


def config(
    *servers: tuple[str, str, int, str],
    username: str = "%EMAILADDRESS%",
    auth: str = "password-cleartext",
    domain: str = "river.test",
) -> str:
    """A `config-v1.1.xml` naming (type, host, port, socket type)."""
    rows = "".join(
        f"<{tag} type='{kind}'><hostname>{host}</hostname><port>{port}</port>"
        f"<socketType>{security}</socketType><username>{username}</username>"
        f"<authentication>{auth}</authentication></{tag}>"
        for kind, host, port, security in servers
        for tag in ("outgoingServer" if kind == "smtp" else "incomingServer",)
    )
    return (
        f"<?xml version='1.0'?><clientConfig version='1.1'><emailProvider id='{domain}'>"
        f"<domain>{domain}</domain><displayName>River</displayName>{rows}"
        "</emailProvider></clientConfig>"
    )
