"""A worker killed at any step sends nothing twice and loses nothing without a word."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from mailstore.models import FolderRole, Message
from mailstore.services import blobs
from smtp_accounts.models import Draft, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import outbox, queue, rounds, waiting
from standin.smtp import SmtpServer
from tests import vouching
from tests.forked import Forked

MOST_STEPS = 40
LATER = queue.SEND_LEASE + timedelta(minutes=1)


def _send_and_die(sender: Forked, step: int) -> str | None:
    """Deliver in another process that dies at a step; its name, None when it ran through."""
    end = sender.run(step)
    if end.status == 0:
        return None
    assert end.status == -signal.SIGKILL, end.told
    return end.last


@pytest.fixture
def sender(
    account: SmtpAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Forked]:
    """What delivers in processes of its own, to the server of this test."""
    vouching.know(tmp_path, monkeypatch)
    with Forked("tests.smtp_accounts.killed_send") as running:
        yield running


def _recover() -> None:
    """What the next worker finds once the dead one's lease has run out."""
    now = timezone.now() + LATER
    for _round in range(2):
        for pk, fence in queue.claim_due(now=now):
            rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: now)


def _undated(raw: bytes) -> list[bytes]:
    return [line for line in raw.split(b"\r\n") if not line.startswith(b"Date: ")]


def _count(user: User, role: str, subject: str) -> int:
    return Message.objects.filter(user=user, folder__role=role, subject=subject).count()


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_a_kill_at_every_step(
    user: User,
    other_user: User,
    account: SmtpAccount,
    make_draft: Callable[..., Draft],
    smtp_server: SmtpServer,
    sender: Forked,
) -> None:
    SmtpAccount.objects.update(last_ok_at=timezone.now())
    steps: list[str] = []
    for step in range(1, MOST_STEPS):
        smtp_server.accepted.clear()
        subject = f"Number {step}"
        # Written to be sent later, so that it gets its Date on the way.
        draft = make_draft(
            account,
            to=f"bob@elsewhere.test, {other_user.email}",
            subject=subject,
            send_at=timezone.now() - timedelta(hours=1),
        )
        message = outbox.submit(user=user, draft=draft, now=timezone.now() - timedelta(hours=2))
        frozen = blobs.read(message.blob)
        name = _send_and_die(sender, step)
        at_kill = len(smtp_server.accepted)
        dot_was_marked = OutboxMessage.objects.get(pk=message.pk).dot_sent_at is not None
        _recover()
        message.refresh_from_db()
        taken = len(smtp_server.accepted)
        for one in smtp_server.accepted:
            # What is stored is what left, but for its Date the message that was written.
            assert one.raw == blobs.read(message.blob) != frozen, name
            assert _undated(one.raw) == _undated(frozen), name
        # Mail to people here is in one transaction with its mark: once, wherever the kill was.
        assert _count(other_user, FolderRole.INBOX, subject) == 1, name
        assert taken <= 1, name
        if name is None or not dot_was_marked or message.state == OutboxState.SENT:
            assert (message.state, taken) == (OutboxState.SENT, 1), name
            assert _count(user, FolderRole.SENT, subject) == 1, name
        else:
            # It may have gone out: not certain, said so, and not sent again by itself.
            assert (message.state, taken) == (OutboxState.UNKNOWN, at_kill), name
            assert waiting.it_arrived(message=message, now=timezone.now())
            assert _count(user, FolderRole.SENT, subject) == 1, name
        if name is None:
            break
        steps.append(name)
    else:
        pytest.fail("the delivery never ended")
    expected = {
        "outbox: date stored",
        "outbox: released",
        "outbox: local bytes stored",
        "outbox: local delivered",
        "outbox: before dot",
        "outbox: dot marked",
        "outbox: answered",
        "outbox: copy stored",
        "outbox: recorded",
    }
    assert expected <= set(steps)
    call_command("check_store")
