"""Known failures 24, 39 and 40: who is spoken to, and what is said before that is certain."""

from __future__ import annotations

import ssl

import pytest
from pytest_django import Settings

from accounts.models import User
from standin.certs import Pair, TlsFiles
from tests.retrieval.conftest import SECRET, bodies, letter, run
from tests.retrieval.failing import MakeTask, letters
from tests.servers.acts import say
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer
from tests.servers.pop import PopServer


@pytest.mark.parametrize("kind", ["imap", "pop"])
@pytest.mark.parametrize(
    ("name", "cause"),
    [("wrong_name", "tls-name"), ("expired", "tls-expired"), ("self_signed", "tls-self-signed")],
)
def test_row_24_bad_certificates(
    odd_task: MakeTask, tls_files: TlsFiles, settings: Settings, kind: str, name: str, cause: str
) -> None:
    """A certificate that proves nothing gets no password, and the reason is told apart."""
    settings.CONNECTIVITY_CA_FILE = tls_files.ca_file
    pair: Pair = getattr(tls_files, name)
    with (ImapServer if kind == "imap" else PopServer)(tls=pair) as server:
        task = odd_task(server, host="localhost", security="tls")
        done = run(task, expect_failure=True)
    assert (done.outcome, done.cause) == ("failed", cause)
    assert (task.state, task.refused_count) == ("backoff", 0)
    assert server.heard == []


def test_row_24_good_certificate(
    user: User, odd_task: MakeTask, tls_files: TlsFiles, settings: Settings
) -> None:
    settings.CONNECTIVITY_CA_FILE = tls_files.ca_file
    with ImapServer(tls=tls_files.good, INBOX=Box(letters((1, 2)))) as server:
        run(odd_task(server, host="localhost", security="tls"))
    assert len(bodies(user)) == 2


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_row_24_old_tls(odd_task: MakeTask, tls_files: TlsFiles, settings: Settings) -> None:
    """TLS below 1.2 is no encryption."""
    settings.CONNECTIVITY_CA_FILE = tls_files.ca_file
    with ImapServer(tls=tls_files.good) as server:
        server.newest_tls = ssl.TLSVersion.TLSv1_1
        done = run(odd_task(server, host="localhost", security="tls"), expect_failure=True)
    # Some say that the version is the reason, some only that they refuse.
    assert done.cause in ("tls-old", "tls-refused")
    assert server.heard == []


@pytest.mark.parametrize("kind", ["imap", "pop"])
def test_row_39_answers_injected_before_the_handshake(
    odd_task: MakeTask, tls_files: TlsFiles, settings: Settings, kind: str
) -> None:
    """Clear text that came with the answer to STARTTLS is an attack; nothing more is said."""
    settings.CONNECTIVITY_CA_FILE = tls_files.ca_file
    with (ImapServer if kind == "imap" else PopServer)(starttls=tls_files.good) as server:
        injected = "%TAG% OK go\r\n* CAPABILITY IMAP4rev1 X\r\n%TAG%1 OK in\r\n"
        server.on("^(STARTTLS|STLS)", say(injected if kind == "imap" else "+OK go\r\n+OK in\r\n"))
        task = odd_task(server, host="localhost", security="starttls")
        done = run(task, expect_failure=True)
    assert (done.outcome, done.cause) == ("failed", "tls-tampered")
    assert SECRET.encode() not in server.talks[0].clear
    assert server.count("LOGIN|AUTH|USER|PASS") == 0


def test_row_39_good_starttls(
    user: User, odd_task: MakeTask, tls_files: TlsFiles, settings: Settings
) -> None:
    """The same without the injection works, so the test above shows what it says."""
    settings.CONNECTIVITY_CA_FILE = tls_files.ca_file
    with ImapServer(starttls=tls_files.good, INBOX=Box(letters((1,)))) as imap:
        run(odd_task(imap, host="localhost", security="starttls"))
    with PopServer(("a", letter(2)), starttls=tls_files.good) as pop:
        run(odd_task(pop, host="localhost", security="starttls"))
    assert bodies(user) == sorted([letter(1), letter(2)])
    assert SECRET.encode() not in imap.talks[0].clear + pop.talks[0].clear


@pytest.mark.parametrize("kind", ["imap", "pop"])
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "[::1]", "0.0.0.0", "::ffff:127.0.0.1"]
)
def test_row_40_private_addresses(
    imap_server: ImapServer,
    pop_server: PopServer,
    odd_task: MakeTask,
    settings: Settings,
    kind: str,
    host: str,
) -> None:
    """However it is spelt, an address of our own network is not connected to."""
    settings.CONNECTIVITY_ALLOWED_NETWORKS = []
    server = imap_server if kind == "imap" else pop_server
    task = odd_task(server, host=host)
    done = run(task, expect_failure=True)
    assert done.outcome == "failed"
    assert done.cause in {"address-refused", "name-not-found"}
    assert server.talks == []


def test_row_40_odd_ports(imap_server: ImapServer, odd_task: MakeTask, settings: Settings) -> None:
    """A public address is spoken to on ports of mail only."""
    settings.CONNECTIVITY_ALLOWED_NETWORKS = []
    done = run(odd_task(imap_server, host="192.0.2.1", port=25), expect_failure=True)
    assert done.cause == "address-refused"
    done = run(odd_task(imap_server, host="8.8.8.8", port=22), expect_failure=True)
    assert done.cause == "address-refused"
