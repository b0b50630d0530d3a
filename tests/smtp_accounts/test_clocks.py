"""Clocks that jump and workers that meet: sent once, and nothing is stranded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.models import User
from mailstore.models import FolderRole, Message
from smtp_accounts.models import OutboxMessage, OutboxState
from smtp_accounts.services import queue, rounds, waiting
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import NOW
from tests.smtp_accounts.sending import Submit, first_round


def test_a_clock_that_runs_ahead_before_the_dot_hands_over_the_row(
    submit: Submit, smtp_server: SmtpServer, at_step: Callable[[str, Callable[[], object]], None]
) -> None:
    message = submit()
    tomorrow = NOW + timedelta(days=1)
    ((pk, fence),) = queue.claim_due(now=NOW)
    at_step("outbox: before dot", lambda: first_round(tomorrow))
    assert rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW) is None
    message.refresh_from_db()
    assert (message.state, len(smtp_server.accepted)) == (OutboxState.SENT, 1)


def test_an_answer_that_came_after_the_lease_counts(
    user: User,
    submit: Submit,
    smtp_server: SmtpServer,
    at_step: Callable[[str, Callable[[], object]], None],
) -> None:
    message = submit()
    ((pk, fence),) = queue.claim_due(now=NOW)
    at_step("outbox: answered", lambda: queue.claim_due(now=NOW + timedelta(days=1)))
    assert rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW) == OutboxState.SENT
    message.refresh_from_db()
    assert (message.state, message.cause) == (OutboxState.SENT, "")
    assert list(message.recipients.values_list("state", flat=True)) == ["accepted"]
    assert Message.objects.filter(user=user, folder__role=FolderRole.SENT).count() == 1


def test_an_answer_too_late_changes_nothing_its_sender_decided(
    submit: Submit, smtp_server: SmtpServer, at_step: Callable[[str, Callable[[], object]], None]
) -> None:
    message = submit()
    ((pk, fence),) = queue.claim_due(now=NOW)

    def decided() -> None:
        queue.claim_due(now=NOW + timedelta(days=1))
        # Not due yet, so that this round does not send it again by itself.
        assert waiting.send_again(message=message, now=NOW + timedelta(seconds=30))

    at_step("outbox: answered", decided)
    assert rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW) is None
    message.refresh_from_db()
    assert message.state == OutboxState.QUEUED


@pytest.mark.parametrize(
    ("state", "changed", "due"),
    [
        ("sending", {"lease_until": NOW + timedelta(days=30)}, True),
        ("sending", {"lease_until": NOW + timedelta(minutes=5)}, False),
        ("retry", {"not_before": NOW + timedelta(days=30)}, True),
        ("retry", {"not_before": NOW + timedelta(hours=4)}, False),
        ("queued", {"not_before": NOW + timedelta(days=30)}, True),
        ("queued", {"not_before": NOW + timedelta(seconds=30)}, False),
        ("queued", {"not_before": NOW + timedelta(days=30), "is_scheduled": True}, False),
    ],
)
def test_a_clock_that_went_back_strands_nothing(
    submit: Submit, state: str, changed: dict[str, object], due: bool
) -> None:
    message = submit()
    OutboxMessage.objects.filter(pk=message.pk).update(state=state, **changed)
    assert bool(queue.claim_due(now=NOW)) is due
