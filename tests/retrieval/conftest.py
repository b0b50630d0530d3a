"""A remote mailbox on a real Dovecot, and tasks that pull from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from connectivity.services import credentials
from mailstore.models import Message, Source
from mailstore.services import blobs
from retrieval.models import RetrievalRun, RetrievalTask
from retrieval.services import dispatch
from retrieval.services.pull import pull
from standin.dovecot import Dovecot
from standin.maildir import SampleMessage
from tests.retrieval.naming import is_named
from tests.servers.base import Server
from tests.servers.imap import ImapServer
from tests.servers.pop import PopServer

SECRET = "a remote password"
_numbers = count(1)


def letter(number: int, *, subject: str = "", body: str = "Hello.") -> bytes:
    """A small message; every number gives other bytes."""
    return (
        f"From: Jonas Ekdahl <jonas@harbourline.test>\r\nTo: mara@remote.test\r\n"
        f"Subject: {subject or f'Letter {number}'}\r\nMessage-ID: <{number}@harbourline.test>\r\n"
        f"Date: Mon, 16 Nov 2026 09:{number % 60:02d}:00 +0000\r\n\r\n{body}\r\n"
    ).encode()


@dataclass
class Remote:
    """One user's mailbox on the other server."""

    server: Dovecot
    name: str

    def put(
        self,
        raw: bytes,
        folder: str = "INBOX",
        *,
        flags: Iterable[str] = (),
        date: datetime | None = None,
    ) -> None:
        self.server.append(self.name, folder, raw, flags, date or self._default_date())

    def fill(self, numbers: Iterable[int], folder: str = "INBOX") -> list[bytes]:
        letters = [letter(number) for number in numbers]
        date = self._default_date()
        self.server.deliver_maildir(
            self.name, [SampleMessage(raw, folder, frozenset(), date) for raw in letters]
        )
        return letters

    def read(self, folder: str = "INBOX") -> list[bytes]:
        return self.server.read_mailbox(self.name, folder)

    @staticmethod
    def _default_date() -> datetime:
        return datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


@pytest.fixture
def remote(dovecot: Dovecot, settings: Settings) -> Remote:
    """A mailbox nobody used before, whose server's certificate is trusted."""
    settings.CONNECTIVITY_CA_FILE = dovecot.ca_file
    name = f"remote{next(_numbers)}"
    dovecot.add_user(name, SECRET)
    return Remote(dovecot, name)


@pytest.fixture
def make_task(user: User, remote: Remote) -> Callable[..., RetrievalTask]:
    """A saved task of ``user`` for ``remote``; keywords as the model's fields."""

    def make(type: str = "imap", **fields: object) -> RetrievalTask:
        server = remote.server
        values: dict[str, object] = {
            "type": type,
            "host": "localhost",
            "port": server.imaps_port if type == "imap" else server.pop3s_port,
            "security": "tls",
            "username": remote.name,
            "method": "automatic",
            "next_at": timezone.now(),
        }
        source = Source.objects.create(user=user, name="Remote", address="mara@remote.test")
        credential = credentials.store(user=user, secret=SECRET)
        values |= {"user": user, "source": source, "credential": credential}
        return RetrievalTask.objects.create(**(values | fields))

    return make


def run(
    task: RetrievalTask, *, later: timedelta = timedelta(0), expect_failure: bool = False
) -> RetrievalRun:
    """Pull once, as the command does, and return the finished run."""
    now = timezone.now() + later
    wait(task, later)
    claim = dispatch.claim_one(task, now=now)
    assert claim is not None
    done = pull(task_id=claim.task_id, fence=claim.fence, clock=lambda: timezone.now() + later)
    assert done is not None
    done.refresh_from_db()
    task.refresh_from_db()
    assert is_named(done) or "flarp" in done.server_line, f"{done.cause}: {done.server_line}"
    assert done.outcome != "failed" or expect_failure, (
        f"{done.cause}: {done.cause_text} {done.server_line}"
    )
    return done


def wait(task: RetrievalTask, span: timedelta) -> None:
    """Let so much of a lease pass; it ends by the database's clock, which no test can move."""
    leased = RetrievalTask.objects.filter(pk=task.pk, lease_until__isnull=False)
    leased.update(lease_until=F("lease_until") - span)


def bodies(user: User, folder: str = "") -> list[bytes]:
    """The bytes of every message, of one folder where named, in a comparable order."""
    messages = Message.objects.filter(user=user).select_related("blob__segment")
    if folder:
        messages = messages.filter(folder__name=folder)
    return sorted(blobs.read(message.blob) for message in messages)


@pytest.fixture
def imap_server() -> Iterator[ImapServer]:
    """An IMAP server that a test may make misbehave."""
    with ImapServer() as server:
        yield server


@pytest.fixture
def pop_server() -> Iterator[PopServer]:
    """A POP3 server that a test may make misbehave."""
    with PopServer() as server:
        yield server


@pytest.fixture
def odd_task(user: User) -> Callable[..., RetrievalTask]:
    """A saved task of ``user`` for a misbehaving server."""

    def make(server: Server, **fields: object) -> RetrievalTask:
        values: dict[str, object] = {
            "type": "imap" if isinstance(server, ImapServer) else "pop",
            "host": "127.0.0.1",
            "port": server.port,
            "security": "none",
            "require_ssl": False,
            "username": "mara",
            "next_at": timezone.now(),
        }
        source = Source.objects.create(user=user, name="Odd", address="mara@odd.test")
        credential = credentials.store(user=user, secret=SECRET)
        return RetrievalTask.objects.create(
            user=user, source=source, credential=credential, **(values | fields)
        )

    return make
