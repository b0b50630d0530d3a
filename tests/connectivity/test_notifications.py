"""What a person is told about their accounts, and how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import User
from connectivity.models import Notification
from connectivity.notices import KINDS, told
from connectivity.noticing import NEEDS_YOU, next_mail
from connectivity.services import notifications

NOW = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEY = "retrieval:1"


def trouble(
    user: User,
    now: datetime,
    *,
    kind: str = "retrieval-failing",
    cause: str = "no-answer",
    key: str = KEY,
    since: datetime | None = None,
) -> Notification:
    return notifications.open_(
        user=user,
        key=key,
        kind=kind,
        label="Work",
        url="/settings/connectivity/",
        cause=cause,
        params={"host": "imap.corp.example", "port": 993},
        now=now,
        since=since,
    )


def test_what_needs_the_person_is_shown_at_once(user: User, other_user: User) -> None:
    trouble(user, NOW, kind="retrieval-needs-you", cause="login-refused")
    [row] = notifications.recent(user, now=NOW)
    notice = told(row, now=NOW)
    assert notice.title == "Work needs you"
    assert "imap.corp.example" in notice.sentence
    assert (notice.tone, notice.is_unread) == ("danger", True)
    assert notifications.unread(user, now=NOW) == 1
    assert notifications.recent(other_user, now=NOW) == []


def test_other_failures_are_shown_after_an_hour(user: User) -> None:
    trouble(user, NOW)
    trouble(user, NOW + timedelta(minutes=59))
    assert notifications.recent(user, now=NOW + timedelta(minutes=59)) == []
    assert notifications.unread(user, now=NOW + timedelta(minutes=59)) == 0
    [row] = notifications.recent(user, now=NOW + HOUR)
    assert row.since == NOW
    assert notifications.newest_unread(user, now=NOW + HOUR) == row


def test_a_trouble_that_began_long_ago_is_shown_at_once(user: User) -> None:
    trouble(user, NOW, since=NOW - 2 * HOUR)
    assert notifications.unread(user, now=NOW) == 1


def test_what_ended_before_anybody_saw_it_leaves_nothing(user: User) -> None:
    trouble(user, NOW)
    notifications.resolve(user=user, key=KEY, now=NOW + timedelta(minutes=30))
    assert not Notification.objects.exists()


def test_one_trouble_is_one_row_however_often_it_is_seen(user: User) -> None:
    for minute in range(0, 300, 10):
        trouble(user, NOW + timedelta(minutes=minute))
    notifications.mark_read(user, now=NOW + 5 * HOUR)
    trouble(user, NOW + 6 * HOUR, cause="port-closed")
    [row] = Notification.objects.all()
    assert (row.cause, row.since) == ("port-closed", NOW)
    assert notifications.unread(user, now=NOW + 6 * HOUR) == 0


def test_one_that_begins_to_need_the_person_is_unread_again(user: User) -> None:
    trouble(user, NOW)
    notifications.mark_read(user, now=NOW + 2 * HOUR)
    trouble(user, NOW + 3 * HOUR, kind="retrieval-needs-you", cause="oauth-revoked")
    trouble(user, NOW + 4 * HOUR, kind="retrieval-needs-you", cause="oauth-revoked")
    [row] = Notification.objects.all()
    assert (row.read_at, row.at, row.since) == (None, NOW + 3 * HOUR, NOW)
    notifications.mark_read(user, now=NOW + 5 * HOUR)
    trouble(user, NOW + 6 * HOUR, kind="retrieval-needs-you", cause="oauth-revoked")
    assert notifications.unread(user, now=NOW + 6 * HOUR) == 0


def test_what_works_again_is_told_and_counts_no_more(user: User) -> None:
    trouble(user, NOW)
    notifications.resolve(user=user, key=KEY, now=NOW + 3 * HOUR)
    notifications.resolve(user=user, key=KEY, now=NOW + 4 * HOUR)
    [row] = notifications.recent(user, now=NOW + 5 * HOUR)
    notice = told(row, now=NOW + 5 * HOUR)
    assert (notice.title, notice.tone, notice.is_over) == ("Work works again", "ok", True)
    assert "09:40" in notice.since
    assert "12:40" in notice.since
    assert notifications.unread(user, now=NOW + 5 * HOUR) == 0


def test_a_new_trouble_after_an_old_one_is_a_new_row_above_it(user: User) -> None:
    trouble(user, NOW)
    notifications.resolve(user=user, key=KEY, now=NOW + 3 * HOUR)
    trouble(user, NOW + 5 * HOUR, since=NOW + 4 * HOUR)
    rows = notifications.recent(user, now=NOW + 9 * HOUR)
    assert [row.resolved_at is None for row in rows] == [True, False]


def test_of_an_account_that_is_gone_nothing_open_is_left(user: User) -> None:
    trouble(user, NOW)
    notifications.drop(user=user, key=KEY)
    assert not Notification.objects.exists()


def test_what_ended_a_month_ago_is_forgotten(user: User) -> None:
    trouble(user, NOW)
    notifications.resolve(user=user, key=KEY, now=NOW + 2 * HOUR)
    notifications.forget_old(now=NOW + 29 * DAY)
    assert Notification.objects.count() == 1
    notifications.forget_old(now=NOW + 31 * DAY)
    assert not Notification.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_see_it_at_once_make_one_row(user: User) -> None:
    def see(number: int) -> int:
        try:
            return trouble(user, NOW + timedelta(seconds=number)).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(see, range(12)))) == 1


def test_mail_is_due_daily_at_most_and_ever_more_rarely() -> None:
    now, gaps = NOW + HOUR, []
    for _ in range(12):
        later = next_mail(NOW, now)
        gaps.append(later - now)
        now = later
    assert gaps[0] == DAY
    assert gaps == sorted(gaps)
    assert gaps[-1] == timedelta(days=7)


def test_every_kind_has_words(user: User) -> None:
    for kind in KINDS:
        notice = told(trouble(user, NOW, kind=kind, key=kind), now=NOW)
        assert "Work" in notice.title
        assert notice.tone == ("danger" if kind in NEEDS_YOU else "warn")
        assert "%" not in notice.title + notice.since + notice.sentence
