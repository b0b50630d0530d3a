"""How many batches of bodies are on their way depends on how far the server is."""

from __future__ import annotations

from collections.abc import Callable

from retrieval.models import RetrievalTask
from retrieval.profiles import FAR, FAR_DEPTH, profile_of
from tests.retrieval.conftest import letter, run
from tests.servers.base import Act, Answer, Talk
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer

MakeTask = Callable[..., RetrievalTask]
BODIES = b"BODY.PEEK[]"


def late(seconds: float) -> Act:
    """Answer after a while, as a server far away does."""

    def act(talk: Talk, answer: Answer) -> None:
        talk.server.over.wait(seconds)
        talk.send(answer())

    return act


def test_what_is_known_of_a_provider_does_not_depend_on_the_distance() -> None:
    assert [profile_of("imap.gmail.com").depth_at(trip) for trip in (0.001, 1.0)] == [3, 3]
    assert [profile_of("outlook.office365.com").depth_at(trip) for trip in (0.001, 1.0)] == [1, 1]
    odd = profile_of("mail.harbourline.test")
    assert [odd.depth_at(trip) for trip in (0.0, FAR, 2 * FAR)] == [3, 3, FAR_DEPTH]


def test_more_batches_are_on_their_way_to_a_server_far_away(
    imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.boxes = {"INBOX": Box({number: letter(number) for number in range(1, 501)})}
    ahead: list[int] = []

    def look(talk: Talk, answer: Answer) -> None:
        """How much is asked for before the first body is answered; it is waited for."""
        for _ in range(500):
            if talk.peek().count(BODIES) >= FAR_DEPTH - 1 or talk.server.over.wait(0.01):
                break
        ahead.append(1 + talk.peek().count(BODIES))
        talk.send(answer())

    imap_server.on("^LOGIN|^CAPABILITY", late(10 * FAR))
    imap_server.on(r"BODY\.PEEK\[\]", look, times=1)
    assert run(odd_task(imap_server)).stored == 500
    assert ahead == [FAR_DEPTH]
