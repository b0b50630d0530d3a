"""What is asked for several messages together: how little that costs, and for how long it holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from smtp_accounts.models import Draft, OutboxMessage, OutboxState
from smtp_accounts.services import limits, queue, rounds
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import NOW
from tests.smtp_accounts.sending import Submit, first_round


@pytest.fixture(autouse=True)
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS", 1)


def statements_of(submit: Submit, count: int) -> int:
    for _ in range(count):
        submit()
    with CaptureQueriesContext(connection) as asked:
        assert first_round() == OutboxState.SENT
    assert OutboxMessage.objects.exclude(state=OutboxState.SENT).count() == 0
    assert not Draft.objects.exists()
    return sum(not one["sql"].startswith(("SAVEPOINT", "RELEASE")) for one in asked)


def test_one_more_message_costs_few_statements(submit: Submit, smtp_server: SmtpServer) -> None:
    few = statements_of(submit, 2)
    many = statements_of(submit, 2 + 10)
    # Three of them find the conversation of the copy in Sent.
    assert (many - few) / 10 <= 12


def test_what_was_looked_up_long_ago_is_looked_up_again(
    submit: Submit,
    smtp_server: SmtpServer,
    user: User,
    at_step: Callable[[str, Callable[[], object]], None],
) -> None:
    """Somebody is locked out in the middle of a slow round."""
    now = [NOW]

    def clock() -> datetime:
        return now[0]

    def locked_out() -> None:
        User.objects.filter(pk=user.pk).update(is_active=False)
        now[0] += rounds.FRESH + timedelta(seconds=1)

    for _ in range(4):
        submit()
    at_step("outbox: recorded", locked_out)
    ((pk, fence),) = queue.claim_due(now=NOW)
    assert rounds.deliver(outbox_id=pk, fence=fence, clock=clock) == OutboxState.SENT
    # The second had been begun by then.
    states = OutboxMessage.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["sent", "sent", "queued", "queued"]
