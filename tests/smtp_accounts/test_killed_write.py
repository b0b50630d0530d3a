"""A server killed at any step while a file comes or a message is handed in loses neither."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from mailstore.services import blobs
from smtp_accounts.models import Draft, DraftUpload, OutboxMessage
from smtp_accounts.services import outbox, uploads
from tests.smtp_accounts.conftest import NOW
from tests.smtp_accounts.killed_write import data_of, upload
from tests.smtp_accounts.test_kills import _database_url

MOST_STEPS = 40
SIZE = 100_000

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def _die(step: int, what: str, pk: int) -> str | None:
    """Do it in another process that dies at a step; its name, None when it ran through."""
    process = subprocess.run(
        [sys.executable, "-m", "tests.smtp_accounts.killed_write", str(step), what, str(pk)],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "webmail.settings",
            "ENV_FILE": os.devnull,
            "DATABASE_URL": _database_url(),
            "DATA_DIR": str(configured.DATA_DIR),
            "BLOB_DIR": str(configured.BLOB_DIR),
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


@pytest.mark.long
def test_a_file_is_whole_and_there_once_whenever_its_server_dies(
    make_draft: Callable[..., Draft], data_dir: Path
) -> None:
    draft = make_draft()
    died = []
    for step in range(1, MOST_STEPS):
        row = uploads.begin(draft, "plan.pdf", "application/pdf", SIZE, False, NOW)
        name = _die(step, "upload", row.pk)
        upload(row.pk)
        assert blobs.read(draft.attachments.get().blob) == data_of(SIZE)
        assert not DraftUpload.objects.exists()
        draft.attachments.all().delete()
        if name is None:
            break
        died.append(name)
    assert {"upload: piece on disk", "upload: entered, not committed", "upload: committed"} <= set(
        died
    )
    # What died after its commit left a file; the sweep of another day takes it.
    assert len(list((data_dir / "uploads").iterdir())) <= died.count("upload: committed")


def test_a_message_is_handed_in_once_whenever_its_server_dies(
    make_draft: Callable[..., Draft],
) -> None:
    died = []
    for step in range(1, MOST_STEPS):
        draft = make_draft(subject=f"Number {step}")
        name = _die(step, "submit", draft.pk)
        draft.refresh_from_db()
        assert (draft.submitted_at is None) == (not draft.outbox.exists())
        # The writer presses the button again.
        outbox.submit(user=draft.user, draft=draft, now=NOW)
        message = OutboxMessage.objects.get(draft=draft)
        assert message.recipients.count() == 1
        assert draft.subject.encode() in blobs.read(message.blob)
        if name is None:
            break
        died.append(name)
    assert {"blobs: folder synced", "submit: entered, not committed"} <= set(died)
