"""Retrieval tasks in every state, and where their rows are on the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import Locator, Page

from accounts.models import User
from connectivity.services import credentials
from mailstore.models import Source
from retrieval.models import RemoteFolder, RemoteMessage, RetrievalRun, RetrievalTask


def row(page: Page, name: str) -> Locator:
    return page.locator("#retrieval .item.task").filter(has_text=name)


def gallery(user: User) -> dict[str, RetrievalTask]:
    """A task in each state."""
    now = timezone.now()
    soon = now + timedelta(minutes=6)
    tasks: dict[str, dict[str, Any]] = {
        "Gmail": {"next_at": soon, "first_pass_done_at": now},
        "Yahoo": {"type": "pop", "lease_until": now + timedelta(hours=1)},
        "Northbank": {
            "state": "needs-password",
            "cause": "login-refused",
            "server_line": "NO [AUTHENTICATIONFAILED] Authentication failed.",
        },
        "iCloud": {"state": "backoff", "next_at": soon, "cause": "login-later", "fail_count": 3},
        "College": {"type": "pop", "method": "manual"},
        "Studio": {"state": "paused"},
    }
    made = {}
    for color, (name, fields) in enumerate(tasks.items(), start=1):
        address = f"mara@{name.lower()}.test"
        made[name] = RetrievalTask.objects.create(
            user=user,
            source=Source.objects.create(user=user, name=name, address=address, color=color),
            credential=credentials.store(user=user, secret="x"),
            host=f"mail.{name.lower()}.test",
            port=993,
            security="tls",
            username=address,
            last_run_at=now,
            **{"type": "imap", **fields},
        )
        for number in range(14):
            at = now - timedelta(minutes=10 * number + 4)
            failed = number in (5, 6)
            RetrievalRun.objects.create(
                task=made[name],
                fence=number,
                started_at=at,
                ended_at=at + timedelta(seconds=2),
                outcome="failed" if failed else "ok",
                cause="no-answer" if failed else "",
                server_line="connect timeout" if failed else "",
                stored=0 if failed else (number * 7 + color) % 13,
            )
    RetrievalRun.objects.create(
        task=made["Yahoo"],
        fence=99,
        started_at=now - timedelta(seconds=43),
        found=3950,
        stored=1204,
    )
    for name, states in {"INBOX": ["stored"] * 9, "Travel": ["stored"] * 4 + ["too-big"]}.items():
        folder = RemoteFolder.objects.create(
            task=made["Gmail"], raw_name=name.encode(), name=name, server_count=len(states)
        )
        for uid, state in enumerate(states, start=1):
            RemoteMessage.objects.create(
                folder=folder, generation=1, uid=uid, state=state, size=160_000_000
            )
    return made
