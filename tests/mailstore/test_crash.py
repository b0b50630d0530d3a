"""kill -9 at every step of storing and sweeping: nothing that was promised is lost."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import User
from mailstore.models import Message, Segment
from mailstore.services.checking import check
from mailstore.services.sweeping import sweep
from tests.forked import Forked

LATER = timedelta(days=2)


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_kill_at_every_checkpoint(user: User, blob_dir: Path) -> None:
    with Forked("tests.mailstore.crasher") as crasher:
        whole = crasher.run(user.email, 0)
        assert whole.status == 0, whole.told
        steps = int(whole.last.split()[1])
        assert steps >= 14
        for fatal in range(1, steps + 1):
            end = crasher.run(user.email, fatal)
            assert end.status == -signal.SIGKILL, end.told
            promised = {line.split()[1] for line in end.told if line.startswith("stored")}
            if "removed" in end.told:
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
