"""Whose mailboxes are listed, and how many messages one command names."""

from __future__ import annotations

import pytest

from protocols.address import AddressPolicy
from protocols.imap import ImapSource
from protocols.imap.arguments import uid_sets
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from tests.servers.acts import say
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer

NAMES = ["INBOX", "Team plans", "Shared/Team", "user.jonas", "Work"]


@pytest.mark.parametrize(
    ("told", "left_out"),
    [
        (b'(("" "/")) (("user." ".")) (("Shared/" "/"))', {"Shared/Team", "user.jonas"}),
        (b'(("" "/")("Work" "/")) NIL (("Shared/" "/" "X-A" ("b")))', {"Shared/Team"}),
        # A prefix that says nothing leaves nothing out.
        (b'(("" "/")) (("" "/")) NIL', set()),
        (b"NIL NIL NIL", set()),
        (b"nonsense (((", set()),
    ],
)
def test_mailboxes_of_others_are_left_out(
    loopback: AddressPolicy, trust: Trust, told: bytes, left_out: set[str]
) -> None:
    """RFC 2342: after the first list come those of other people, and those of everybody."""
    with ImapServer("NAMESPACE LIST-STATUS") as server:
        server.boxes = {name: Box() for name in NAMES}
        server.on("^NAMESPACE", say(b"* NAMESPACE " + told + b"\r\n%TAG% OK done\r\n"))
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        login = Login("mara", "secret")
        with ImapSource.open(endpoint, login, policy=loopback, trust=trust) as source:
            assert {box.name for box in source.list_folders()} == set(NAMES) - left_out


def test_no_set_of_uids_is_longer_than_servers_take() -> None:
    wanted = [*range(1, 2000, 2), *range(4_000_000_000, 4_000_000_400)]
    sets = list(uid_sets(wanted))
    assert all(len(text) <= 960 for text, _ in sets)
    assert [uid for _, members in sets for uid in members] == wanted
    assert sets[-1][0].endswith(b"4000000000:4000000399")
