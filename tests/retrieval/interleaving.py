"""What the property tests share: pulls that are interrupted, and the bounds that always hold."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.db.models import F
from django.utils import timezone
from hypothesis import strategies

from accounts.models import User
from connectivity.services import credentials
from lib.checkpoints import set_hook
from mailstore.models import Message, Source
from retrieval.models import (
    PopMessage,
    Provider,
    RemoteFolder,
    RemoteMessage,
    RetrievalRun,
    RetrievalTask,
)
from retrieval.services import dispatch
from retrieval.services.pull import pull
from tests.servers.base import Server, Talk

# Few and alike, so that equal ones meet: messages 0 to 5, of which 4 and 5 share their id.
NUMBERS = strategies.lists(strategies.integers(0, 5), min_size=1, max_size=4)


def raw(number: int) -> bytes:
    """A message; every number gives other bytes, and all of them the same size."""
    return (
        f"From: jonas@harbourline.test\r\nSubject: Letter {number}\r\n"
        f"Message-ID: <{min(number, 4)}@harbourline.test>\r\n\r\nWords of {number}.\r\n"
    ).encode()


class Crash(BaseException):
    """The process is gone, as far as this one can tell; nothing may catch it."""


@dataclass(frozen=True)
class Trouble:
    """What happens at the n-th checkpoint of a pull: a crash, or somebody takes the task."""

    at: int
    kind: str


TROUBLES = strategies.none() | strategies.builds(
    Trouble, at=strategies.integers(1, 7), kind=strategies.sampled_from(["crash", "robbed"])
)


def make_task(user: User, type: str, port: int, **fields: object) -> RetrievalTask:
    """A task of a person for a server on loopback."""
    return RetrievalTask.objects.create(
        user=user,
        source=Source.objects.create(user=user, name="Odd"),
        credential=credentials.store(user=user, secret="a remote password"),
        type=type,
        host="127.0.0.1",
        port=port,
        security="none",
        require_ssl=False,
        username="mara",
        next_at=timezone.now(),
        **fields,
    )


def pull_through(
    task: RetrievalTask, trouble: Trouble | None, *, hours: int
) -> RetrievalRun | None:
    """Pull once, some hours later, with every wait over and this trouble on the way."""
    time_passes(task)
    passed, robbed = 0, False

    def at_checkpoint(_name: str) -> None:
        nonlocal passed, robbed
        # Other threads have another view of the database of a test, and no crash stops this one.
        if threading.current_thread() is not threading.main_thread():
            return
        passed += 1
        if trouble is None or passed != trouble.at:
            return
        robbed = trouble.kind == "robbed"
        if robbed:
            RetrievalTask.objects.filter(pk=task.pk).update(fence=F("fence") + 1)
        else:
            raise Crash

    claim = dispatch.claim_one(task, now=timezone.now())
    assert claim is not None
    set_hook(at_checkpoint)
    try:
        run = pull(
            task_id=task.pk,
            fence=claim.fence,
            clock=lambda: timezone.now() + timedelta(hours=hours),
        )
    except Crash:
        return None
    finally:
        set_hook(None)
    assert not (robbed and run), "it recorded a run although the task was another's by then"
    return run


def time_passes(task: RetrievalTask) -> None:
    """As if leases had run out and every wait were over."""
    RetrievalTask.objects.filter(pk=task.pk).update(lease_until=None, slowed_until=None)
    Provider.objects.all().delete()
    # By their folders' numbers: with a join PostgreSQL, which gathers no statistics within the one
    # transaction of a test, may read all rows once for each row.
    folders = list(RemoteFolder.objects.filter(task=task).values_list("pk", flat=True))
    waiting = RemoteMessage.objects.filter(folder_id__in=folders, next_try_at__isnull=False)
    waiting.update(next_try_at=None)
    RemoteFolder.objects.filter(task=task).update(parked_until=None)
    PopMessage.objects.filter(task=task).update(next_try_at=None)


@contextmanager
def meanwhile(server: Server, events: Mapping[int, Callable[[], None]]) -> Iterator[None]:
    """Let things happen on the server before it answers the n-th command of the block."""
    heard = 0

    def act(talk: Talk, answer: Callable[[], bytes]) -> None:
        nonlocal heard
        heard += 1
        if heard in events:
            events[heard]()
        talk.send(answer())

    server.on("", act)
    try:
        yield
    finally:
        server.behave()


def local(user: User) -> Counter[tuple[str, bytes]]:
    """What is here, by folder and content."""
    rows = Message.objects.filter(user=user).values_list("folder__name", "blob__sha256")
    return Counter((name.casefold(), bytes(digest)) for name, digest in rows)


@dataclass
class Truth:
    """What ever lay on the server, what lies there now, and what was deleted here."""

    ever: Counter[tuple[str, bytes]]
    now: Counter[tuple[str, bytes]]
    deleted: Counter[tuple[str, bytes]]

    def check(self, user: User) -> None:
        """Nothing more often than it ever was there."""
        surplus = local(user) + self.deleted - self.ever
        assert not surplus, f"doubled or unknown: {surplus}"

    def check_end(self, user: User) -> None:
        """And everything that lies there is here, but for what was deleted here."""
        self.check(user)
        missing = self.now - local(user) - self.deleted
        assert not missing, f"lost: {missing}"


def key(folder: str, number: int) -> tuple[str, bytes]:
    """How a message counts."""
    return folder.casefold(), sha256(raw(number)).digest()
