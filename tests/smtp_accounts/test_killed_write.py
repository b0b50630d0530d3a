"""A server killed at any step while a file comes or a message is handed in loses neither."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from mailstore.services import blobs
from smtp_accounts.models import Draft, DraftUpload, OutboxMessage
from smtp_accounts.services import outbox, uploads
from tests.forked import Forked
from tests.smtp_accounts.conftest import NOW
from tests.smtp_accounts.killed_write import data_of, upload

MOST_STEPS = 40
SIZE = 100_000

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def writer(blob_dir: Path, data_dir: Path) -> Iterator[Forked]:
    """What writes in processes of its own."""
    with Forked("tests.smtp_accounts.killed_write") as running:
        yield running


def _die(writer: Forked, step: int, what: str, pk: int) -> str | None:
    """Do it in another process that dies at a step; its name, None when it ran through."""
    end = writer.run(step, what, pk)
    if end.status == 0:
        return None
    assert end.status == -signal.SIGKILL, end.told
    return end.last


@pytest.mark.long
def test_a_file_is_whole_and_there_once_whenever_its_server_dies(
    make_draft: Callable[..., Draft], data_dir: Path, writer: Forked
) -> None:
    draft = make_draft()
    died = []
    for step in range(1, MOST_STEPS):
        row = uploads.begin(draft, "plan.pdf", "application/pdf", SIZE, False, NOW)
        name = _die(writer, step, "upload", row.pk)
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
    make_draft: Callable[..., Draft], writer: Forked
) -> None:
    died = []
    for step in range(1, MOST_STEPS):
        draft = make_draft(subject=f"Number {step}")
        name = _die(writer, step, "submit", draft.pk)
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
