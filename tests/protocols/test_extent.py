"""How much lies in an account is told by whatever way a server knows, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocols.address import AddressPolicy
from protocols.check import CheckReport, check
from protocols.imap import ImapSource
from protocols.imap.extent import Extent
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.dovecot import Dovecot
from tests.servers.acts import drop, hang, say
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer

LETTER = b"Subject: x\r\n\r\nhello\r\n"
Source = Callable[[ImapServer], ImapSource]


@pytest.fixture
def source(loopback: AddressPolicy) -> Source:
    def opened(server: ImapServer) -> ImapSource:
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        return ImapSource.open(endpoint, Login("x", "y"), policy=loopback, trust=Trust())

    return opened


def measured(server: ImapServer, source: Source) -> Extent:
    with source(server) as found:
        return found.extent([box for box in found.list_folders() if box.selectable])


def filled(capabilities: str = "") -> ImapServer:
    server = ImapServer(capabilities)
    server.boxes |= {
        "INBOX": Box({1: LETTER, 2: LETTER}),
        "Old things": Box({7: LETTER}),
        "Parent": Box(attributes="\\Noselect"),
        "Nothing": Box(),
    }
    return server


def test_a_real_server_tells_its_size(
    dovecot: Dovecot, loopback: AddressPolicy, trust: Trust
) -> None:
    dovecot.add_user("measured", "x y z")
    for folder in ("INBOX", "INBOX", "Sent", "Wörk & \u2603"):
        dovecot.append("measured", folder, LETTER)
    endpoint = Endpoint("localhost", dovecot.imaps_port, Security.TLS)
    login = Login("measured", "x y z")
    with ImapSource.open(endpoint, login, policy=loopback, trust=trust) as found:
        assert "STATUS=SIZE" in found.capabilities
        assert found.extent(found.list_folders()).size == 4 * len(LETTER)


def test_where_no_server_tells_few_messages_are_added_up(source: Source) -> None:
    with filled() as server:
        assert measured(server, source) == Extent(size=3 * len(LETTER))
        assert server.count("FETCH 1:\\* \\(RFC822.SIZE\\)") == 2


def test_many_messages_are_not(source: Source) -> None:
    many = Box(dict.fromkeys(range(1, 2_002), b"x"))
    with ImapServer(INBOX=many) as server:
        assert measured(server, source).size is None
        assert server.count("FETCH") == 0


def test_the_quota_is_told(source: Source) -> None:
    with ImapServer("QUOTA", INBOX=Box()) as server:
        answer = (
            '* QUOTAROOT INBOX "u"\r\n* QUOTA "u" (STORAGE 10 512 MESSAGE 1 9)\r\n%TAG% OK x\r\n'
        )
        server.on("GETQUOTAROOT", say(answer))
        assert measured(server, source) == Extent(0, 10 * 1024, 512 * 1024)


@pytest.mark.parametrize(
    "answer",
    ["%TAG% NO not yours\r\n", "%TAG% BAD what\r\n", '* QUOTA "u" (STORAGE 0 0)\r\n%TAG% OK x\r\n'],
)
def test_a_quota_that_is_none_hurts_nobody(source: Source, answer: str) -> None:
    with ImapServer("QUOTA", INBOX=Box()) as server:
        server.on("GETQUOTAROOT", say(answer))
        assert measured(server, source) == Extent(size=0)


def test_a_folder_that_is_gone_leaves_the_size_open(source: Source) -> None:
    with filled("STATUS=SIZE") as server:
        server.on("STATUS .*SIZE", say("%TAG% NO [NONEXISTENT] gone\r\n"))
        assert measured(server, source).size is None


@pytest.mark.parametrize("act", [drop(), hang(), say("nonsense\r\n")])
def test_a_server_that_stumbles_over_it_has_passed(
    loopback: AddressPolicy, monkeypatch: pytest.MonkeyPatch, act: Callable[..., None]
) -> None:
    """A test that went well does not fail for a figure."""
    monkeypatch.setattr("protocols.imap.extent.PATIENCE", 0.3)
    with filled("STATUS=SIZE IDLE") as server:
        server.on("SIZE", act)
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        report: CheckReport = check(
            "imap", endpoint, Login("x", "y"), policy=loopback, trust=Trust(), require_ssl=False,
            security=Security.NONE,
        )  # fmt: skip
    assert report.ok
    assert report.facts == {"folders": 3, "messages": 3, "idle": 1}
