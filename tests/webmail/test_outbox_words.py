"""What the outbox says of a message that is due, from the moment its account was mended."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from lib.moments import moment
from smtp_accounts.models import OutboxMessage, SmtpAccount
from smtp_accounts.services import accounts, drafts, identities, outbox, waiting
from webmail import outgoing

pytestmark = pytest.mark.django_db


@pytest.fixture
def tried(user: User, account: SmtpAccount) -> OutboxMessage:
    """A message to two, one of whom has it."""
    now = timezone.now()
    sender = identities.primary_of(account)
    values = drafts.DraftValues(identity=sender, to="ann@there.test, bob@there.test", subject="x")
    draft = drafts.save(user=user, key=uuid4(), values=values, version=0, now=now)
    message = outbox.submit(user=user, draft=draft, now=now)
    OutboxMessage.objects.update(state="retry", cause="login-refused", attempts=1)
    message.recipients.filter(address="ann@there.test").update(state="accepted")
    return message


def test_what_waited_for_its_account_goes_out_once_that_is_mended(
    user: User, account: SmtpAccount, tried: OutboxMessage
) -> None:
    """Nobody asked for patience, and the time it is due is no later one."""
    now = timezone.now()
    SmtpAccount.objects.update(cause="")
    accounts.wake([account], now)
    (row,) = outgoing.rows(user, now=now + timedelta(seconds=2))
    sent = f"Sent to 1 of 2 recipients by {account.host}."
    assert (row.word, row.sentence) == ("Waiting", f"{sent} It goes out now.")
    assert [one.name for one in row.buttons] == ["edit", "cancel"]


def test_what_is_due_again_does_not_name_a_time_that_is_over(
    user: User, tried: OutboxMessage
) -> None:
    now = timezone.now()
    OutboxMessage.objects.update(cause="greylisted", not_before=now)
    (row,) = outgoing.rows(user, now=now + timedelta(seconds=50))
    assert row.sentence.endswith(" It goes out now.")
    assert "Next try" not in row.sentence


def test_what_no_worker_takes_is_not_said_to_go_out_now(user: User, tried: OutboxMessage) -> None:
    """They may be stopped, or busy: nobody knows which, but since when."""
    now = timezone.now()
    told = f"It has been due since {moment(now, now=now)} and leaves as soon as it is its turn."
    for fields in ({"state": "queued"}, {"state": "retry", "cause": ""}):
        OutboxMessage.objects.update(not_before=now, **fields)
        (row,) = outgoing.rows(user, now=now + timedelta(minutes=5))
        assert row.word == "Waiting"
        assert row.sentence.endswith(told)


def test_what_waits_for_a_refused_account_says_why_and_until_when(
    user: User, account: SmtpAccount, tried: OutboxMessage
) -> None:
    """Also what was written meanwhile, and was never tried itself."""
    now = timezone.now()
    at = now + timedelta(minutes=10)
    SmtpAccount.objects.update(
        cause="login-refused", refused_count=1, refused_since=now, next_at=at
    )
    for fields in ({"cause": "login-refused"}, {"state": "queued", "cause": ""}):
        OutboxMessage.objects.update(not_before=now, **fields)
        (row,) = outgoing.rows(user, now=now)
        assert (row.look, row.word) == ("waiting", "Will be tried again")
        assert "did not accept" in row.sentence
        assert row.sentence.endswith(f" Next try {moment(at, now=now)}.")
    assert (waiting.needing(user).count(), row.mend) == (0, "")


def test_what_a_paused_account_keeps_names_its_next_try(
    user: User, account: SmtpAccount, tried: OutboxMessage
) -> None:
    now = timezone.now()
    at = now + timedelta(hours=20)
    SmtpAccount.objects.update(cause="login-refused", next_at=at)
    (row,) = outgoing.rows(user, now=now)
    assert row.look == "needs-you"
    assert row.sentence.endswith(f"once a day by itself, next at {moment(at, now=now)}.")
