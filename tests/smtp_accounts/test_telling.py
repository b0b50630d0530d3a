"""When the owner of an SMTP account hears of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.models import User
from connectivity.models import Notification
from connectivity.notices import told
from connectivity.services import credentials, notifications
from smtp_accounts.models import Draft, SmtpAccount
from smtp_accounts.services import accounts, identities, outbox, queue, rounds
from smtp_accounts.services.accounts import AccountValues
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import EXTERNAL, NOW

Drafts = Callable[..., Draft]
Values = Callable[..., AccountValues]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def work(later: timedelta) -> None:
    """What the worker does when the schedule wakes it."""
    for pk, fence in queue.claim_due(now=NOW + later):
        rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW + later)


def shown(user: User, later: timedelta) -> list[str]:
    rows = notifications.recent(user, now=NOW + later)
    return [told(row, now=NOW + later).title for row in rows]


def test_a_permission_that_ended_is_told_at_once(user: User, account: SmtpAccount) -> None:
    accounts.record_failure(account, cause="oauth-revoked", now=NOW)
    assert shown(user, MINUTE) == [f"Sending as {EXTERNAL} needs you"]


def test_a_server_that_is_gone_is_told_after_an_hour(
    user: User, account: SmtpAccount, make_draft: Drafts
) -> None:
    port = account.port
    SmtpAccount.objects.update(port=1)
    outbox.submit(user=user, draft=make_draft(account), now=NOW)
    work(timedelta())
    work(30 * MINUTE)
    assert shown(user, 59 * MINUTE) == []
    assert shown(user, 61 * MINUTE) == [f"Sending as {EXTERNAL} does not work"]
    SmtpAccount.objects.update(port=port)
    work(5 * HOUR)
    assert shown(user, 6 * HOUR) == [f"Sending as {EXTERNAL} works again"]


def test_one_failed_attempt_is_told_to_nobody(
    user: User, account: SmtpAccount, make_draft: Drafts
) -> None:
    port = account.port
    SmtpAccount.objects.update(port=1)
    outbox.submit(user=user, draft=make_draft(account), now=NOW)
    work(timedelta())
    SmtpAccount.objects.update(port=port)
    work(20 * MINUTE)
    assert not Notification.objects.exists()


@pytest.mark.parametrize("reply", ["550 5.1.1 no such user", "452 4.2.2 mailbox full"])
def test_what_a_recipient_does_is_none_of_the_account(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer, reply: str
) -> None:
    smtp_server.refuse["bob@elsewhere.test"] = reply
    outbox.submit(user=user, draft=make_draft(account), now=NOW)
    work(timedelta())
    assert shown(user, 2 * HOUR) == []


def test_of_a_deleted_account_nothing_is_left(
    user: User, account: SmtpAccount, make_draft: Drafts
) -> None:
    SmtpAccount.objects.update(port=1)
    outbox.submit(user=user, draft=make_draft(account), now=NOW)
    work(timedelta())
    assert Notification.objects.exists()
    account.refresh_from_db()
    accounts.delete(account=account, replacement=identities.local_of(user))
    assert not Notification.objects.exists()


def test_the_way_to_mend_it_is_the_page_of_the_account(user: User, account: SmtpAccount) -> None:
    accounts.record_failure(account, cause="oauth-revoked", now=NOW)
    [row] = notifications.recent(user, now=NOW)
    assert f"/{account.pk}/" in told(row, now=NOW).url


def test_an_attempt_with_the_old_password_blames_no_mended_account(
    user: User, account: SmtpAccount
) -> None:
    """It was under way while the new one was stored, tested and found good."""
    seen = SmtpAccount.objects.select_related("credential").get(pk=account.pk)
    assert account.credential is not None
    credentials.store(user=user, secret="a newer password", credential=account.credential)
    accounts.record_failure(seen, cause="login-refused", now=NOW)
    account.refresh_from_db()
    assert not accounts.is_paused(account)
    assert not Notification.objects.exists()


def test_nobody_is_told_of_an_account_deleted_meanwhile(account: SmtpAccount) -> None:
    seen = SmtpAccount.objects.select_related("credential").get(pk=account.pk)
    accounts.delete(account=account)
    accounts.record_failure(seen, cause="no-answer", now=NOW)
    assert not Notification.objects.exists()
