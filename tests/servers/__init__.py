"""Fixtures that start real servers on loopback, once for a whole test run."""

import shutil
import tempfile
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from protocols.address import AddressPolicy
from protocols.tls import Trust
from standin import certs
from standin.certs import TlsFiles
from standin.dovecot import Dovecot
from standin.scanners import Clamd, Rspamd, Spamd
from standin.smtp import SmtpServer

USERS = {
    "mara": "a pass word",
    "mara@provider.test": "korrekt-pferd",
    "jürgen": "pässwörd-ключ",
    "empty": "nothing here",
}


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder every user may enter, as a Dovecot started by root needs it."""
    folder = Path(tempfile.mkdtemp(prefix="tributary-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def tls_files(server_folder: Path) -> TlsFiles:
    """Good certificates and bad ones."""
    return certs.make(server_folder / "certs")


@pytest.fixture(scope="session")
def dovecot(server_folder: Path, tls_files: TlsFiles) -> Iterator[Dovecot]:
    """An IMAP and POP3 server with a few users; tests add users of their own to fill."""
    server = Dovecot(
        server_folder / "dovecot", USERS, tls=tls_files.good, ca_file=tls_files.ca_file
    )
    with server:
        yield server


@pytest.fixture(scope="session")
def running_smtp(tls_files: TlsFiles) -> Iterator[SmtpServer]:
    """The one SMTP server of the run; use `smtp_server`."""
    with SmtpServer(USERS, tls=tls_files.good) as server:
        yield server


@pytest.fixture
def smtp_server(running_smtp: SmtpServer) -> SmtpServer:
    """An SMTP server that has taken nothing yet and refuses nobody."""
    running_smtp.accepted.clear()
    running_smtp.logins.clear()
    running_smtp.refuse.clear()
    running_smtp.final = None
    running_smtp.most = 1000
    return running_smtp


@pytest.fixture(scope="session")
def rspamd(server_folder: Path) -> Iterator[Rspamd]:
    """A spam filter with one rule."""
    with Rspamd(server_folder / "rspamd") as server:
        yield server


@pytest.fixture(scope="session")
def spamd(server_folder: Path) -> Iterator[Spamd]:
    """SpamAssassin with the rules of its package."""
    with Spamd(server_folder / "spamd") as server:
        yield server


@pytest.fixture(scope="session")
def clamd(server_folder: Path) -> Iterator[Clamd]:
    """A virus scanner that knows EICAR."""
    with Clamd(server_folder / "clamd") as server:
        yield server


@pytest.fixture(scope="session")
def loopback() -> AddressPolicy:
    """The guard with this computer opened, as an administrator would name a network."""
    return AddressPolicy(allowed_networks=(ip_network("127.0.0.0/8"), ip_network("::1/128")))


@pytest.fixture(scope="session")
def trust(tls_files: TlsFiles) -> Trust:
    """Belief in the test authority."""
    return Trust(ca_file=str(tls_files.ca_file))
