"""A message and the verdict on it become visible together, or a crash between would double it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from accounts.models import User
from lib.checkpoints import set_hook
from mailstore.models import Message
from retrieval.models import PopMessage, PopState, RemoteMessage, RemoteState, RetrievalTask
from tests.retrieval.conftest import letter, run
from tests.servers.base import Server
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer
from tests.servers.pop import PopServer

MakeTask = Callable[..., RetrievalTask]
MESSAGES = 120


@pytest.fixture(params=["imap", "pop", "pop without ids"])
def server(
    request: pytest.FixtureRequest, imap_server: ImapServer, pop_server: PopServer
) -> Server:
    """A mailbox with some batches of messages."""
    numbers = range(1, MESSAGES + 1)
    imap_server.boxes = {"INBOX": Box({number: letter(number) for number in numbers})}
    named = request.param == "pop"
    pop_server.drop = [(str(number) if named else "", letter(number)) for number in numbers]
    return imap_server if request.param == "imap" else pop_server


@pytest.mark.accept("A192")
@pytest.mark.django_db(transaction=True)
def test_no_commit_shows_a_message_without_its_verdict(
    user: User, server: Server, odd_task: MakeTask
) -> None:
    task = odd_task(server)
    seen: list[tuple[int, int]] = []

    def look() -> None:
        """Called by the commit itself, before anything else can be done."""
        imap = RemoteMessage.objects.filter(folder__task=task, state=RemoteState.STORED)
        pop = PopMessage.objects.filter(task=task, state=PopState.STORED)
        seen.append((Message.objects.filter(user=user).count(), imap.count() + pop.count()))

    def await_commit(name: str) -> None:
        if name == "pull: filed, not committed":
            transaction.on_commit(look)

    set_hook(await_commit)
    try:
        assert run(task).stored == MESSAGES
    finally:
        set_hook(None)
    assert len(seen) > 1
    assert seen[-1][0] == MESSAGES
    assert [here for here, _ in seen] == [settled for _, settled in seen]
