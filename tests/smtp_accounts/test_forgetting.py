"""Drafts of what is through go; those of what is not stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from smtp_accounts import tasks
from smtp_accounts.models import Draft, OutboxState
from smtp_accounts.services import forgetting
from standin.smtp import SmtpServer
from tests.smtp_accounts.sending import Submit, first_round


def test_a_killed_worker_leaves_no_draft_for_good(
    submit: Submit,
    smtp_server: SmtpServer,
    make_draft: Callable[..., Draft],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = make_draft()
    submit()
    with monkeypatch.context() as dead:
        dead.setattr(forgetting, "forget_sent", lambda _ids: 0)
        assert first_round() == OutboxState.SENT
    waiting = submit()
    assert Draft.objects.count() == 3
    tasks.sweep_uploads()
    assert set(Draft.objects.all()) == {written, waiting.draft}
