"""Limits of administrators where mail is sent: messages a day, bytes of a message."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import repeat

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Limits, User
from mailstore.models import Message
from smtp_accounts.models import Draft, OutboxMessage, SmtpAccount
from smtp_accounts.services import outbox, queue, rounds, sizes, uploads
from smtp_accounts.services.making import UnsendableError
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import NOW
from tests.smtp_accounts.sending import Submit
from webmail import outgoing

HOUR = timedelta(hours=1)
MakeDraft = Callable[..., Draft]


def work_off(now: datetime = NOW) -> None:
    """All that may go out now, and what stepped back for a minute."""
    for minute in range(8):
        at = now + timedelta(minutes=minute)
        for pk, fence in queue.claim_due(now=at):
            rounds.deliver(outbox_id=pk, fence=fence, clock=repeat(at).__next__)


def states() -> list[str]:
    return list(OutboxMessage.objects.order_by("pk").values_list("state", flat=True))


# ---- how many a day


def test_what_is_too_much_for_a_day_waits_and_goes_out_by_itself(
    user: User,
    submit: Submit,
    make_draft: MakeDraft,
    smtp_server: SmtpServer,
) -> None:
    Limits.objects.create(domain=user.domain, daily_sends=3)
    for _ in range(2):
        submit()
    # From the address here, to somebody here: it is a way out like any other.
    outbox.submit(user=user, draft=make_draft(to=user.email), now=NOW)
    for _ in range(3):
        submit()
    work_off()
    assert states().count("sent") == 3
    assert states().count("retry") == 3
    assert len(smtp_server.accepted) + Message.objects.filter(folder__role="inbox").count() == 3
    waiting = OutboxMessage.objects.filter(state="retry")
    assert set(waiting.values_list("cause", flat=True)) == {"daily-sends"}
    # Nothing was tried, so nothing is counted against them.
    assert not waiting.filter(attempts__gt=0).exists()
    assert NOW + 23 * HOUR < waiting[0].not_before < NOW + 25 * HOUR
    shown = [row for row in outgoing.rows(user, now=NOW + HOUR) if row.message.state == "retry"]
    assert len(shown) == 3
    for row in shown:
        assert row.sentence.startswith(
            "You have sent as many messages in 24 hours as your administrator allows. Next try Tue"
        )
    work_off(NOW + 12 * HOUR)
    assert states().count("sent") == 3
    work_off(NOW + 25 * HOUR)
    assert states() == ["sent"] * 6


def test_what_waits_goes_out_where_the_administrator_allows_more(
    user: User, submit: Submit, smtp_server: SmtpServer
) -> None:
    Limits.objects.create(domain=None, daily_sends=1)
    for _ in range(2):
        submit()
    work_off()
    assert sorted(states()) == ["retry", "sent"]
    Limits.objects.update(daily_sends=None)
    OutboxMessage.objects.filter(state="retry").update(not_before=NOW)
    work_off()
    assert states() == ["sent", "sent"]


def test_what_reached_some_goes_on_to_the_others(
    user: User, submit: Submit, smtp_server: SmtpServer
) -> None:
    Limits.objects.create(domain=user.domain, daily_sends=1)
    smtp_server.refuse = {"late@elsewhere.test": "451 4.2.0 Later"}
    submit(to="bob@elsewhere.test, late@elsewhere.test")
    work_off()
    assert states() == ["retry"]
    # It counts as one of them; another takes the only place there is after that.
    Limits.objects.update(daily_sends=2)
    submit()
    work_off(NOW + timedelta(seconds=1))
    assert states() == ["retry", "sent"]
    Limits.objects.update(daily_sends=1)
    smtp_server.refuse = {}
    work_off(NOW + 2 * HOUR)
    assert states() == ["sent", "sent"]


@pytest.mark.django_db(transaction=True)
def test_no_two_workers_send_a_message_too_many(
    user: User, submit: Submit, smtp_server: SmtpServer
) -> None:
    """Six at once, three of them allowed."""
    now = timezone.now()
    Limits.objects.create(domain=user.domain, daily_sends=3)
    for _ in range(6):
        submit()
    OutboxMessage.objects.update(not_before=now, due_since=now)
    together = threading.Barrier(6)

    def work(pk: int) -> None:
        try:
            claimed = queue._claim(pk, 0, now)
            together.wait(30)
            assert claimed
            rounds.deliver(outbox_id=pk, fence=1, clock=timezone.now)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, OutboxMessage.objects.values_list("pk", flat=True)))
    assert len(smtp_server.accepted) <= 3
    # Those that stepped back for others come a minute later, until the day is full.
    work_off(now + timedelta(minutes=1))
    assert len(smtp_server.accepted) == 3
    assert states().count("sent") == 3


def test_without_a_limit_nothing_is_counted(
    submit: Submit, smtp_server: SmtpServer, user: User
) -> None:
    for _ in range(3):
        submit()
    with CaptureQueriesContext(connection) as asked:
        work_off()
    assert states() == ["sent"] * 3
    # One look at the limits for what is worked on together.
    looks = sum("accounts_limits" in one["sql"] for one in asked)
    assert looks <= 1 + 3
    # Nor is anything counted for it.
    assert not any("is_automatic" in one["sql"] and "EXISTS" in one["sql"] for one in asked)


# ---- how large


@pytest.mark.parametrize(("whole", "whose"), [(True, ""), (False, "example.test")])
def test_a_file_that_makes_it_too_large_is_refused_before_it_comes(
    user: User, account: SmtpAccount, make_draft: MakeDraft, whole: bool, whose: str
) -> None:
    Limits.objects.create(domain=None if whole else user.domain, message_size=500_000)
    whose = whose and user.domain.name
    draft = make_draft(account)
    with pytest.raises(sizes.TooLargeError) as refused:
        uploads.begin(draft, "a.bin", "", 400_000, False, NOW)
    assert (refused.value.limit, refused.value.server) == (500_000, whose)
    # A server that takes less is the stricter one.
    account.facts = {"size": 100_000}
    account.save()
    draft.identity.refresh_from_db()
    assert sizes.limit_of(account, sizes.allowed(user)) == sizes.Limit(100_000, "localhost")


def test_a_message_that_became_too_large_is_told_at_send(
    user: User, make_draft: MakeDraft, settings: Settings, client_for: Callable[[User], Client]
) -> None:
    """The limit came after the text: nothing is lost, and the draft says why it stays."""
    draft = make_draft(to="bob@elsewhere.test", body="x" * 300_000)
    Limits.objects.create(domain=user.domain, message_size=65_536)
    found = outbox.problems(user, draft)
    assert user.domain.name in found["attachments"]
    with pytest.raises(UnsendableError):
        outbox.submit(user=user, draft=draft, now=NOW)
    draft.refresh_from_db()
    assert draft.submitted_at is None
    assert not OutboxMessage.objects.exists()
    # The window knows before a byte of a file travels.
    page = client_for(user).get(reverse("compose-draft", args=[draft.key])).content.decode()
    assert 'data-max="65536"' in page
    assert f'data-server="{user.domain.name}"' in page


def test_a_full_space_keeps_nobody_from_sending(
    user: User, submit: Submit, smtp_server: SmtpServer, make_draft: MakeDraft
) -> None:
    """The copy in Sent and drafts are stored all the same, and mail between people here is."""
    User.objects.filter(pk=user.pk).update(quota=0)
    submit()
    outbox.submit(user=user, draft=make_draft(to=user.email), now=NOW)
    work_off()
    assert states() == ["sent", "sent"]
    roles = Message.objects.filter(user=user).values_list("folder__role", flat=True)
    assert sorted(roles) == ["inbox", "sent", "sent"]
