"""A refused sign-in of an SMTP account: asked about again, told after an hour, mended by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from accounts.models import User
from connectivity.models import Notification
from connectivity.notices import told
from connectivity.services import notifications
from smtp_accounts.models import OutboxMessage, SmtpAccount
from smtp_accounts.services import accounts, pairing, queue, rounds, waiting
from smtp_accounts.services.accounts import AccountValues
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import EXTERNAL, NOW, SECRET
from tests.smtp_accounts.sending import Submit

Values = Callable[..., AccountValues]
NOTHING = timedelta()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SPANS = (NOTHING, 10 * MINUTE, 70 * MINUTE)
"""When three tries are made where nobody does anything."""


@pytest.fixture
def refusing(smtp_server: SmtpServer) -> Iterator[SmtpServer]:
    """It takes the password no more, until `restore`."""
    smtp_server.users[EXTERNAL] = "another one"
    yield smtp_server
    restore(smtp_server)


def restore(server: SmtpServer) -> None:
    server.users[EXTERNAL] = SECRET


def work(later: timedelta) -> int:
    """What the worker does when the schedule wakes it; how many messages it began with."""
    claims = queue.claim_due(now=NOW + later)
    for pk, fence in claims:
        rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW + later)
    return len(claims)


def every_minute(until: timedelta, *, since: timedelta = NOTHING) -> None:
    """Let the schedule wake the worker all the time."""
    later = since
    while later <= until:
        work(later)
        later += MINUTE


def shown(user: User, later: timedelta) -> list[str]:
    rows = notifications.recent(user, now=NOW + later)
    return [told(row, now=NOW + later).title for row in rows]


def states() -> list[str]:
    return list(OutboxMessage.objects.order_by("pk").values_list("state", flat=True))


def test_what_was_refused_once_leaves_by_itself_and_once(
    user: User, account: SmtpAccount, submit: Submit, refusing: SmtpServer
) -> None:
    submit()
    assert work(NOTHING) == 1
    account.refresh_from_db()
    assert not accounts.is_paused(account)
    restore(refusing)
    every_minute(9 * MINUTE)
    assert refusing.accepted == []
    every_minute(60 * MINUTE, since=10 * MINUTE)
    assert (states(), len(refusing.accepted), len(refusing.logins)) == (["sent"], 1, 2)
    account.refresh_from_db()
    assert (account.cause, account.refused_count, account.next_at) == ("", 0, None)
    assert not Notification.objects.exists()


def test_one_message_asks_for_all_that_wait(submit: Submit, refusing: SmtpServer) -> None:
    """A sign-in is refused once for the account, and not once for each message."""
    for _ in range(6):
        submit()
    work(NOTHING)
    assert len(refusing.logins) == 1
    for _ in range(3):
        submit()
    every_minute(69 * MINUTE)
    assert len(refusing.logins) == 2
    restore(refusing)
    assert work(70 * MINUTE) == 1
    assert (states(), len(refusing.accepted)) == (["sent"] * 9, 9)
    assert len(refusing.logins) == 3


def test_three_refusals_over_an_hour_pause_it_and_are_told_once(
    user: User, account: SmtpAccount, submit: Submit, refusing: SmtpServer
) -> None:
    submit()
    every_minute(59 * MINUTE)
    assert shown(user, 59 * MINUTE) == []
    every_minute(12 * HOUR, since=60 * MINUTE)
    assert len(refusing.logins) == 3
    account.refresh_from_db()
    assert accounts.is_paused(account)
    assert account.next_at == NOW + 70 * MINUTE + DAY
    assert shown(user, 12 * HOUR) == [f"Sending as {EXTERNAL} needs you"]
    assert waiting.needing(user).count() == 1
    # One probe a day, of which nobody hears.
    assert work(DAY) == 0
    assert work(DAY + 70 * MINUTE) == 1
    assert work(DAY + 10 * HOUR) == 0
    assert len(refusing.logins) == 4
    assert Notification.objects.count() == 1
    restore(refusing)
    assert work(2 * DAY + 70 * MINUTE) == 1
    assert (states(), len(refusing.accepted)) == (["sent"], 1)
    assert shown(user, 3 * DAY)[0] == f"Sending as {EXTERNAL} works again"


def test_no_message_is_given_up_for_its_account(submit: Submit, refusing: SmtpServer) -> None:
    """It waits for a week of refusals; its own patience begins when they end."""
    message = submit()
    for later in (*SPANS, *(number * (DAY + HOUR) + 70 * MINUTE for number in range(1, 8))):
        assert work(later) == 1
    assert states() == ["retry"]
    restore(refusing)
    refusing.refuse["bob@elsewhere.test"] = "451 4.7.1 please try again later"
    work(9 * DAY)
    assert states() == ["retry"]
    del refusing.refuse["bob@elsewhere.test"]
    work(9 * DAY + 5 * HOUR)
    message.refresh_from_db()
    assert message.state == "sent"


def test_a_new_password_lets_all_go_at_once(
    user: User, account: SmtpAccount, values: Values, submit: Submit, refusing: SmtpServer
) -> None:
    submit()
    for later in SPANS:
        work(later)
    account.refresh_from_db()
    typed = values(password="another one")
    assert accounts.save(user=user, values=typed, account=account, now=NOW + 2 * HOUR).ok
    account.refresh_from_db()
    assert (account.cause, account.next_at, account.refused_since) == ("", None, None)
    assert work(2 * HOUR) == 1
    assert states() == ["sent"]
    assert shown(user, 3 * HOUR) == [f"Sending as {EXTERNAL} works again"]


@pytest.mark.parametrize("tries", [1, 3], ids=["waiting", "paused"])
def test_what_is_retrieved_again_with_the_same_secret_lets_it_go_on(
    account: SmtpAccount, submit: Submit, refusing: SmtpServer, tries: int
) -> None:
    submit()
    for later in SPANS[:tries]:
        work(later)
    restore(refusing)
    assert account.credential is not None
    secret = account.credential
    pairing.mended(credential=secret, replaces=secret, now=NOW + 75 * MINUTE)
    assert work(75 * MINUTE) == 1
    assert states() == ["sent"]


def test_a_fault_of_the_line_pauses_nothing_and_ends_no_pause(
    account: SmtpAccount, submit: Submit, refusing: SmtpServer
) -> None:
    submit()
    port = account.port
    SmtpAccount.objects.update(port=1)
    every_minute(3 * HOUR)
    account.refresh_from_db()
    assert (account.is_paused, account.refused_count) == (False, 0)
    SmtpAccount.objects.update(port=port)
    OutboxMessage.objects.update(not_before=NOW, attempts=0)
    for later in SPANS:
        work(4 * HOUR + later)
    account.refresh_from_db()
    assert accounts.is_paused(account)
    SmtpAccount.objects.update(port=1)
    assert work(2 * DAY) == 1
    account.refresh_from_db()
    assert (account.cause, account.is_paused) == ("login-refused", True)
    assert Notification.objects.count() == 1
    assert len(refusing.logins) == 3
    SmtpAccount.objects.update(port=port)
    restore(refusing)
    assert work(2 * DAY + HOUR) == 1
    assert states() == ["sent"]


@pytest.mark.parametrize("counted", [2, 3], ids=["waiting", "paused"])
def test_a_straggler_sets_nothing_back(account: SmtpAccount, counted: int) -> None:
    """Several workers were at it when the server began to refuse; one was told late."""
    late = SmtpAccount.objects.get(pk=account.pk)
    for later in SPANS[:counted]:
        account.refresh_from_db()
        accounts.record_failure(account, cause="login-refused", now=NOW + later)
    account.refresh_from_db()
    before = account.standing
    accounts.record_failure(late, cause="login-refused", now=NOW + 71 * MINUTE)
    account.refresh_from_db()
    assert (account.standing, account.is_paused) == (before, counted == 3)


def test_who_asks_for_it_has_it_tried_now(submit: Submit, refusing: SmtpServer) -> None:
    message = submit()
    work(NOTHING)
    restore(refusing)
    message.refresh_from_db()
    assert waiting.send_again(message=message, now=NOW + 2 * MINUTE)
    assert work(2 * MINUTE) == 1
    assert states() == ["sent"]


def test_trying_by_hand_pauses_nothing_before_an_hour(
    account: SmtpAccount, submit: Submit, refusing: SmtpServer
) -> None:
    message = submit()
    for minutes in (0, 2, 4, 6):
        waiting.send_again(message=message, now=NOW + minutes * MINUTE)
        work(minutes * MINUTE)
    account.refresh_from_db()
    assert (account.refused_count, account.is_paused) == (4, False)


def test_two_refusals_pause_nothing_however_far_apart(
    account: SmtpAccount, submit: Submit, refusing: SmtpServer
) -> None:
    """No worker ran in between."""
    submit()
    for later in (NOTHING, 5 * HOUR):
        assert work(later) == 1
    account.refresh_from_db()
    assert (account.refused_count, account.is_paused) == (2, False)


def test_a_clock_that_was_wrong_holds_it_no_longer_than_a_day(
    account: SmtpAccount, submit: Submit
) -> None:
    submit()
    SmtpAccount.objects.update(cause="login-refused", next_at=NOW + 30 * DAY)
    assert work(NOTHING) == 1
    assert states() == ["sent"]
