"""A connection that breaks at any byte costs nothing but the bytes that were on their way."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from accounts.models import User
from retrieval.models import RetrievalTask
from tests.chaos.conftest import Size, time_passes
from tests.chaos.mailbox import Mailbox, check_at_death, check_complete
from tests.chaos.proxy import Cut, Proxy
from tests.chaos.test_kills import finish
from tests.retrieval.conftest import run

pytestmark = pytest.mark.django_db(transaction=True)


class Plan:
    """Where the next connections are cut, until enough were."""

    def __init__(self, rng: random.Random, most: int) -> None:
        self.rng = rng
        self.most = most
        self.proxy: Proxy | None = None

    def __call__(self, number: int) -> Cut | None:
        assert self.proxy is not None
        if len(self.proxy.cuts) >= self.most:
            return None
        # Half of them early, among greetings, sign-in and lists; half among the bodies.
        near, far = int(2 ** self.rng.uniform(0, 13)), self.rng.randrange(1_000_000)
        to_client = self.rng.random() < 0.75
        after = far if to_client and number % 2 else near
        return Cut(after, to_client, reset=self.rng.random() < 0.5)


@pytest.mark.accept("A191", "A192", "A193")
@pytest.mark.parametrize("security", ["none", "tls"])
@pytest.mark.parametrize("type", ["imap", "pop"])
def test_at_random_bytes(
    user: User,
    make_task: Callable[..., RetrievalTask],
    make_mailbox: Callable[[RetrievalTask], Mailbox],
    size: Size,
    figure: Callable[[str], None],
    type: str,
    security: str,
) -> None:
    task = make_task(type, security=security, require_ssl=security == "tls")
    mailbox = make_mailbox(task)
    mailbox.fill(size.messages // 2)
    plan = Plan(random.Random(f"{size.seed} {type} {security}"), max(1, size.cuts // 4))
    server = mailbox.remote.server
    port = {
        "imap none": server.imap_port,
        "imap tls": server.imaps_port,
        "pop none": server.pop3_port,
        "pop tls": server.pop3s_port,
    }[f"{type} {security}"]
    with Proxy(port, plan) as proxy:
        plan.proxy = proxy
        RetrievalTask.objects.filter(pk=task.pk).update(port=proxy.port)
        while len(proxy.cuts) < plan.most:
            time_passes(task)
            done = run(task, expect_failure=True)
            assert done.cause != "internal", done.cause_text
            check_at_death(user, mailbox)
            if done.outcome == "ok":
                mailbox.fill(max(10, size.messages // 20))
        finish(task)
    check_complete(user, mailbox, task)
    figure(
        f"| {type}, {security}, connection cut at random bytes | {len(proxy.cuts)} cuts in "
        f"{proxy.connections} connections, {mailbox.total} messages, seed {size.seed} "
        "| 0 lost, 0 doubled |"
    )
