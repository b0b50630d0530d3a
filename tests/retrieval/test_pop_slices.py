"""A POP pull whose time is over early goes on later; it is not taken for complete."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import User
from mailstore.models import Message
from retrieval.models import RetrievalTask
from retrieval.services.session import Session
from tests.retrieval.conftest import Remote, run


def test_time_that_is_over_after_the_listing_leaves_the_first_pass_open(
    make_task: Callable[..., RetrievalTask],
    remote: Remote,
    user: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    remote.fill(range(5))
    task = make_task("pop", leave_on_server=True)
    looks = iter([False])
    monkeypatch.setattr(Session, "over", lambda _session: next(looks, True))
    done = run(task)
    assert (done.expected, done.stored) == (5, 0)
    assert task.first_pass_done_at is None
    monkeypatch.undo()
    run(task)
    assert task.first_pass_done_at is not None
    assert Message.objects.filter(user=user).count() == 5
