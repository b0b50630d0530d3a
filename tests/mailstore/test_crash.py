"""kill -9 at every step of storing and sweeping: nothing that was promised is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from mailstore.models import Message, Segment
from mailstore.services.checking import check
from mailstore.services.sweeping import sweep

ROOT = Path(__file__).resolve().parent.parent.parent
LATER = timedelta(days=2)


def database_url() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    at = connection.settings_dict
    return f"postgresql://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{name}"


def run(user: User, fatal: int, blob_dir: Path) -> tuple[int, list[str]]:
    """The exit code and the lines of a run that is killed at checkpoint `fatal`."""
    program = (
        "import sys; from tests.mailstore import crasher; from django.conf import settings;"
        f"settings.BLOB_DIR = {str(blob_dir)!r}; crasher.main(sys.argv[1], int(sys.argv[2]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, user.email, str(fatal)],
        cwd=ROOT,
        env={**os.environ, "TEST_DATABASE_URL": database_url()},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode, done.stdout.splitlines()


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_kill_at_every_checkpoint(user: User, blob_dir: Path) -> None:
    code, lines = run(user, 0, blob_dir)
    assert code == 0
    steps = int(lines[-1].split()[1])
    assert steps >= 14
    for fatal in range(1, steps + 1):
        code, lines = run(user, fatal, blob_dir)
        assert code == -signal.SIGKILL
        promised = {line.split()[1] for line in lines if line.startswith("stored")}
        if "removed" in lines:
            promised = {subject for subject in promised if not subject.endswith("-0")}
        there = set(Message.objects.values_list("subject", flat=True))
        assert promised <= there
        found = check()
        assert found.is_sound, found
    # What the crashes left behind is reclaimed, and only that.
    now = timezone.now() + LATER
    sweep(now=now)
    sweep(now=now + LATER)
    files = [path for path in blob_dir.rglob("*") if path.is_file()]
    assert len(files) == Segment.objects.count()
    assert check().is_sound
