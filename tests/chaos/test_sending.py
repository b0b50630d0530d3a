"""A sender that is killed sends nothing twice and loses nothing; nor do two that meet.

The server writes down what it took before it says so, in a process of its own: that is the truth
the outbox is compared with.
"""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from mailstore.models import FolderRole, Message
from smtp_accounts.models import OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import accounts, drafts, identities, outbox, queue, rounds
from smtp_accounts.services.accounts import AccountValues
from standin import certs
from standin.sink import Sink
from tests import vouching
from tests.chaos.conftest import Size
from tests.chaos.workers import Workers

STEPS = (
    "outbox: local bytes stored",
    "outbox: local delivered",
    "outbox: before dot",
    "outbox: dot marked",
    "outbox: answered",
    "outbox: copy stored",
    "outbox: recorded",
)
# Between these two the message may be with the server, and nobody here can know.
UNSURE = ("outbox: dot marked", "outbox: answered", "outbox: copy stored")
ADDRESS = "mara@provider.test"

Write = Callable[[int], list[OutboxMessage]]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sink(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    vouching.know(tmp_path, monkeypatch)
    tls = certs.make(tmp_path / "tls")
    settings.CONNECTIVITY_CA_FILE = str(tls.ca_file)
    settings.CONNECTIVITY_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with Sink(tls.good) as server:
        yield server


@pytest.fixture
def senders(sink: Sink) -> Iterator[Workers]:
    with Workers() as running:
        yield running


@pytest.fixture
def account(user: User, sink: Sink) -> SmtpAccount:
    values = AccountValues("M", "localhost", sink.port, "ssl", ADDRESS, True, ADDRESS, "secret")
    stored = accounts.save(user=user, values=values, now=timezone.now(), test=False).account
    assert stored is not None
    accounts.record_ok(stored, timezone.now())
    stored.refresh_from_db()
    return stored


@pytest.fixture
def write(user: User, other_user: User, account: SmtpAccount) -> Write:
    """Messages to somebody here and somebody elsewhere, due at once."""

    def written(count: int) -> list[OutboxMessage]:
        now = timezone.now()
        values = drafts.DraftValues(
            identity=identities.primary_of(account),
            to=f"bob@elsewhere.test, {other_user.email}",
            subject="Tide tables",
            body="See below.\n",
        )
        saved = [
            drafts.save(user=user, key=uuid4(), values=values, version=0, now=now)
            for _ in range(count)
        ]
        return [outbox.submit(user=user, draft=draft, now=now) for draft in saved]

    return written


def time_passes() -> None:
    """The leases of the dead run out, and every wait is over."""
    over = timezone.now() - timedelta(seconds=1)
    OutboxMessage.objects.filter(state=OutboxState.SENDING).update(lease_until=over)
    OutboxMessage.objects.filter(state=OutboxState.RETRY).update(not_before=over)


def finish() -> None:
    """Send until nothing is open, as the schedule would."""
    for _ in range(20):
        time_passes()
        claims = queue.claim_due(now=timezone.now())
        for pk, fence in claims:
            rounds.deliver(outbox_id=pk, fence=fence, clock=timezone.now)
        if not claims:
            return
    pytest.fail("the sending never ended")


def check(user: User, other_user: User, sink: Sink) -> int:
    """Nothing is lost and nothing doubled; how many messages are uncertain, each saying so."""
    taken = Counter(line.split()[0] for line in sink.lines())
    assert max(taken.values(), default=1) == 1, "sent twice"
    here = Counter(
        Message.objects.filter(user=other_user, folder__role=FolderRole.INBOX).values_list(
            "message_id", flat=True
        )
    )
    copies = Counter(
        Message.objects.filter(user=user, folder__role=FolderRole.SENT).values_list(
            "message_id", flat=True
        )
    )
    unsure = 0
    for message in OutboxMessage.objects.all():
        assert here[message.message_id] == 1
        if message.state == OutboxState.UNKNOWN:
            unsure += 1
            continue
        assert message.state == OutboxState.SENT
        assert (taken[message.message_id], copies[message.message_id]) == (1, 1)
    return unsure


def test_at_every_step(
    user: User,
    other_user: User,
    write: Write,
    senders: Workers,
    sink: Sink,
    size: Size,
    figure: Callable[[str], None],
) -> None:
    rounds_of_steps = max(1, size.kills // len(STEPS))
    for _ in range(rounds_of_steps):
        for step in STEPS:
            (message,) = write(1)
            end = senders.send(at=step).wait()
            assert (end.status, end.last) == (-signal.SIGKILL, step)
            at_death = sink.taken()
            finish()
            message.refresh_from_db()
            if step in UNSURE:
                # It is said, and nothing is sent again by itself.
                assert (message.state, sink.taken()) == (OutboxState.UNKNOWN, at_death), step
            else:
                assert message.state == OutboxState.SENT, step
    kills = rounds_of_steps * len(STEPS)
    assert check(user, other_user, sink) == rounds_of_steps * len(UNSURE)
    figure(f"| sending, SIGKILL at every step | {kills} kills | 0 lost, 0 doubled |")


@pytest.mark.long
def test_at_random_moments(
    user: User,
    other_user: User,
    write: Write,
    senders: Workers,
    sink: Sink,
    size: Size,
    figure: Callable[[str], None],
) -> None:
    rng = random.Random(size.seed)
    kills = written = 0
    while kills < size.kills:
        time_passes()
        if OutboxMessage.objects.filter(state=OutboxState.QUEUED).count() < 10:
            written += len(write(30))
        # On a busy machine a short life gets nowhere: every other one ends after so many steps.
        worker = senders.send(at=rng.randint(1, 40) if kills % 2 else 0)
        if not kills % 2:
            time.sleep(rng.uniform(0, 0.5))
            worker.signal(signal.SIGKILL)
        kills += worker.wait().status == -signal.SIGKILL
    finish()
    unsure = check(user, other_user, sink)
    assert unsure <= kills
    figure(
        f"| sending, SIGKILL at random moments | {kills} kills, {written} messages, "
        f"seed {size.seed} | 0 lost, 0 doubled, {unsure} uncertain |"
    )


def test_workers_that_meet(
    user: User, other_user: User, write: Write, senders: Workers, sink: Sink
) -> None:
    write(40)
    ends = [worker.wait() for worker in [senders.send() for _ in range(3)]]
    assert [end.status for end in ends] == [0, 0, 0], ends
    finish()
    assert check(user, other_user, sink) == 0
    assert sink.taken() == 40


def test_workers_that_meet_at_a_daily_limit(
    write: Write, account: SmtpAccount, senders: Workers, sink: Sink
) -> None:
    """Each message has two recipients, and a day has room for twelve and a half."""
    SmtpAccount.objects.filter(pk=account.pk).update(daily_limit=25)
    write(30)
    for _ in range(4):  # who steps back for another one comes again
        ends = [worker.wait() for worker in [senders.send() for _ in range(3)]]
        assert [end.status for end in ends] == [0, 0, 0], ends
        assert sink.taken() <= 12
        over = timezone.now() - timedelta(seconds=1)
        OutboxMessage.objects.filter(state=OutboxState.RETRY).update(not_before=over)
    assert sink.taken() == 12


def test_a_worker_that_sleeps_through_its_lease(
    user: User, other_user: User, write: Write, senders: Workers, sink: Sink
) -> None:
    """At every step one falls asleep, and wakes when another one has done its work."""
    for step in STEPS:
        (message,) = write(1)
        sleeper = senders.send(at=step, signal=signal.SIGSTOP)
        assert sleeper.wait_until_asleep() == step
        finish()
        sleeper.signal(signal.SIGCONT)
        assert sleeper.wait().status == 0, step
        message.refresh_from_db()
        # One that had its answer while it slept says so in the end.
        assert message.state == OutboxState.SENT, step
    assert check(user, other_user, sink) == 0
