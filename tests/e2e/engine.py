"""Tasks as the engine leaves them: running, through, held back by their provider."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from connectivity.services import credentials
from mailstore.models import Source
from retrieval.models import RemoteFolder, RemoteMessage, RetrievalRun, RetrievalTask

MB = 1024 * 1024
# Server count and ledger rows by state.
FOLDERS: dict[str, tuple[int, dict[str, int]]] = {
    "INBOX": (6210, {"stored": 6210}),
    "Receipts": (1140, {"stored": 1096, "linked": 44}),
    "Travel": (842, {"stored": 839, "too-big": 1, "quarantined": 2}),
    "Archive/2019": (9004, {"stored": 5872, "pending": 3132}),
}


def engine_task(user: User, name: str, host: str, **fields: Any) -> RetrievalTask:
    """A task of this user with a day of quiet runs."""
    now = timezone.now()
    address = f"mara@{name.lower()}.test"
    source = Source.objects.create(user=user, name=name, address=address, color=len(name) % 6 + 1)
    values: dict[str, Any] = {
        "type": "imap",
        "host": host,
        "port": 993,
        "security": "tls",
        "username": address,
        "last_run_at": now,
        "capabilities": "IMAP4REV1 IDLE",
    }
    task = RetrievalTask.objects.create(
        user=user, source=source, credential=credentials.store(user=user, secret="x"),
        **(values | fields),
    )  # fmt: skip
    for number in range(1, 9):
        at = now - timedelta(minutes=10 * number)
        past(task, at, seconds=3, outcome="ok", stored=(number * 5) % 7)
    return task


def past(task: RetrievalTask, at: datetime, *, seconds: float, **fields: Any) -> RetrievalRun:
    """A run that is over."""
    return RetrievalRun.objects.create(
        task=task, fence=1, started_at=at, ended_at=at + timedelta(seconds=seconds), **fields
    )


def put_folders(task: RetrievalTask, *, complete: bool) -> None:
    """Its folders, with the counts noted after a pass, or in the middle of one."""
    for name, (there, counts) in FOLDERS.items():
        is_cut = complete and "pending" in counts
        RemoteFolder.objects.create(
            task=task, raw_name=name.encode(), name=name, server_count=there,
            counts={"stored": there} if is_cut else counts,
        )  # fmt: skip


def importing(user: User) -> RetrievalTask:
    """A first pass in its third slice."""
    now = timezone.now()
    task = engine_task(user, "Gmail", "imap.gmail.com", lease_until=now + timedelta(hours=1))
    put_folders(task, complete=False)
    RetrievalRun.objects.create(
        task=task, fence=99, started_at=now - timedelta(seconds=112), phase="fetching",
        folder_name="Archive/2019", expected=9140, expected_bytes=812 * MB, found=9140,
        stored=5872, linked=136, bytes=518 * MB,
    )  # fmt: skip
    return task


def finished(user: User) -> RetrievalTask:
    """Complete but for a few messages; listened for."""
    now = timezone.now()
    task = engine_task(
        user, "Harbourline", "imap.harbourline.test", first_pass_done_at=now,
        next_at=now + timedelta(minutes=7), watched_until=now + timedelta(hours=1),
    )  # fmt: skip
    put_folders(task, complete=True)
    past(
        task, now - timedelta(minutes=95), seconds=431, outcome="ok", expected=17_196,
        stored=17_149, linked=44, quarantined=3, bytes=1_640 * MB,
    )  # fmt: skip
    travel = RemoteFolder.objects.get(task=task, name="Travel")
    odd: list[dict[str, Any]] = [
        {"state": "quarantined", "size": 88_000, "attempts": 3,
         "error": "The server would not hand out this message."},
        {"state": "quarantined", "size": 1_260_000, "attempts": 3},
        {"state": "too-big", "size": 412 * MB},
        {"state": "pending", "attempts": 1, "next_try_at": now + timedelta(hours=1)},
    ]  # fmt: skip
    for uid, fields in enumerate(odd, start=5121):
        at = now - timedelta(days=uid % 100)
        RemoteMessage.objects.create(folder=travel, generation=1, uid=uid, internal_at=at, **fields)
    return task


def held_back(user: User, name: str, host: str, cause: str, line: str = "") -> RetrievalTask:
    """Waits because its provider wants it, or because of the day's budget."""
    now = timezone.now()
    task = engine_task(
        user, name, host, state="backoff", cause=cause, server_line=line,
        next_at=now + timedelta(hours=3),
    )  # fmt: skip
    put_folders(task, complete=False)
    past(
        task, now - timedelta(minutes=4), seconds=240, outcome="waited", cause=cause,
        server_line=line, expected=9000, stored=4200, bytes=400 * MB,
    )  # fmt: skip
    return task
