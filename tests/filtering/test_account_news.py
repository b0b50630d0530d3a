"""What others did to a person's account is told once: in the app, and in the Inbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from accounts.models import User
from connectivity.models import Notification
from connectivity.notices import told
from connectivity.services import account_news, notifications
from filtering.services import notices
from mailstore.models import Message

NOW = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
DAY = timedelta(days=1)


def test_news_is_told_once_whatever_mail_about_failures_is_wanted(user: User) -> None:
    User.objects.filter(pk=user.pk).update(notice_mail=False)
    account_news.tell(user=user, what="password-reset", now=NOW, who="ada@example.test")
    [row] = notifications.recent(user, now=NOW)
    notice = told(row, now=NOW)
    assert notice.title == "ada@example.test gave your account a new password."
    assert (notice.is_over, notice.is_unread, notice.is_news) == (False, True, True)
    assert notifications.unread(user, now=NOW) == 1
    assert [notices.send_due(now=NOW + count * DAY) for count in range(4)] == [1, 0, 0, 0]
    [message] = Message.objects.filter(user=user)
    assert message.subject == notice.title


def test_news_is_over_when_it_was_seen_and_gone_a_month_later(user: User) -> None:
    account_news.tell(user=user, what="role-changed", now=NOW, who="ada@example.test", mail=False)
    notifications.mark_read(user, now=NOW)
    assert notifications.unread(user, now=NOW) == 0
    [row] = notifications.recent(user, now=NOW)
    assert told(row, now=NOW).is_over
    notifications.forget_old(now=NOW + 29 * DAY)
    assert Notification.objects.count() == 1
    notifications.forget_old(now=NOW + 31 * DAY)
    assert Notification.objects.count() == 0
