"""A worker killed at any step sends nothing twice and loses nothing without a word."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from mailstore.models import FolderRole, Message
from mailstore.services import blobs
from smtp_accounts.models import Draft, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import outbox, queue, rounds, waiting
from standin.smtp import SmtpServer
from tests import vouching

MOST_STEPS = 40
LATER = queue.SEND_LEASE + timedelta(minutes=1)


def _database_url() -> str:
    """How another process reaches the database of this test."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    account = f"{found['USER']}:{found['PASSWORD']}" if found["PASSWORD"] else found["USER"]
    host = str(found["HOST"]).replace("/", "%2F")
    return f"postgres://{account}@{host}:{found['PORT']}/{found['NAME']}"


def _send_and_die(step: int) -> str | None:
    """Deliver in another process that dies at a step; its name, None when it ran through."""
    process = subprocess.run(
        [sys.executable, "-m", "tests.smtp_accounts.killed_send", str(step)],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "webmail.settings",
            "ENV_FILE": os.devnull,
            "DATABASE_URL": _database_url(),
            "DATA_DIR": str(configured.DATA_DIR),
            "BLOB_DIR": str(configured.BLOB_DIR),
            "CONNECTIVITY_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128",
            "CONNECTIVITY_CA_FILE": configured.CONNECTIVITY_CA_FILE,
        },
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if process.returncode == 0:
        return None
    assert process.returncode == -signal.SIGKILL, process.stderr
    return process.stdout.strip()


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
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vouching.know(tmp_path, monkeypatch)
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
        name = _send_and_die(step)
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
