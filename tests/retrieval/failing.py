"""What the tests of known failures share: small mailboxes, short deadlines, the ledger."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from django.utils import timezone

import protocols
from retrieval.models import RemoteMessage, RetrievalTask
from tests.retrieval.conftest import letter
from tests.servers.base import Talk
from tests.servers.fetching import Asked, Box

MakeTask = Callable[..., RetrievalTask]
BODIES = r"UID FETCH .*BODY\.PEEK\[(\]|HEADER\]|TEXT\])"
HOUR = timedelta(hours=1)


def letters(numbers: Iterable[int]) -> dict[int, bytes]:
    """UIDs and messages of a mailbox."""
    return {number: letter(number) for number in numbers}


def states(task: RetrievalTask) -> dict[str, int]:
    """How many messages of the IMAP ledger have which verdict."""
    rows = RemoteMessage.objects.filter(folder__task=task)
    return dict(Counter(rows.values_list("state", flat=True)))


def entry(task: RetrievalTask, uid: int, folder: str = "INBOX") -> RemoteMessage:
    """The newest ledger row of a UID."""
    rows = RemoteMessage.objects.filter(folder__task=task, folder__name=folder, uid=uid)
    return rows.order_by("-generation")[0]


def batches(talk: Talk, box: Box) -> list[list[int]]:
    """The UIDs of every command of a connection that asked for bodies."""
    commands = [Asked.read(text) for text in talk.heard if "FETCH" in text]
    return [each.uids(box) for each in commands if each.form]


def hurry(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Give every command so long only, and sign-in too."""
    monkeypatch.setattr("protocols.greet.GREETING", seconds)
    for found in pkgutil.walk_packages(protocols.__path__, "protocols."):
        module = importlib.import_module(found.name)
        if hasattr(module, "STEP"):
            monkeypatch.setattr(module, "STEP", seconds)


def due_in(task: RetrievalTask, shortest: timedelta, longest: timedelta) -> None:
    """Check that the task waits at least and at most so long; minutes of slack for the clock."""
    assert task.next_at is not None
    wait = task.next_at - timezone.now()
    slack = timedelta(minutes=1)
    assert shortest - slack <= wait <= longest + slack
