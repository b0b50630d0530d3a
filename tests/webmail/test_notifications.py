"""The bell and its page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from connectivity.models import Notification
from connectivity.services import notifications

PAGE = "/settings/notifications/"


def trouble(user: User, *, kind: str = "retrieval-needs-you", key: str = "retrieval:7") -> datetime:
    now = timezone.now()
    notifications.open_(
        user=user,
        key=key,
        kind=kind,
        label="Work & more",
        url="",
        cause="login-refused",
        params={"host": "imap.corp.example", "port": 993},
        now=now,
        since=now - timedelta(hours=3),
    )
    return now


def text(browser: Client, address: str = PAGE) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_where_nothing_is_wrong_the_page_says_so(browser_client: Client) -> None:
    page = text(browser_client)
    assert "Everything works. Nothing needs you." in page
    assert "Mark all as read" not in page
    assert browser_client.get(PAGE + "news/").json() == {"unread": 0, "at": ""}


def test_what_needs_the_person_stands_on_the_page_and_on_the_bell(
    browser_client: Client, user: User
) -> None:
    trouble(user)
    page = text(browser_client)
    assert "Work &amp; more needs you" in page
    assert "imap.corp.example" in page
    assert "/settings/connectivity/retrieval/7/" in page
    assert 'aria-label="Notifications, 1 new"' in text(browser_client, "/")
    news = browser_client.get(PAGE + "news/").json()
    assert (news["unread"], news["text"]) == (1, "Work & more needs you")
    assert news["url"].endswith("/7/")


def test_nobody_sees_or_reads_those_of_others(
    browser_client: Client, other_user: User, client_for: Callable[[User], Client]
) -> None:
    trouble(other_user)
    assert "Everything works" in text(browser_client)
    browser_client.post(PAGE + "read/")
    assert client_for(other_user).get(PAGE + "news/").json()["unread"] == 1


def test_looking_changes_nothing_and_a_button_marks_all_as_read(
    browser_client: Client, user: User
) -> None:
    trouble(user)
    for _ in range(2):
        assert "Mark all as read" in text(browser_client)
    answer = browser_client.post(PAGE + "read/", follow=True)
    assert "Mark all as read" not in answer.content.decode()
    assert "needs you" in answer.content.decode()
    assert browser_client.get(PAGE + "news/").json()["unread"] == 0
    assert browser_client.post(PAGE + "read/", headers={"HX-Request": "true"}).status_code == 204


def test_what_works_again_stands_below_what_does_not(browser_client: Client, user: User) -> None:
    trouble(user, key="smtp:3", kind="smtp-needs-you")
    notifications.resolve(user=user, key="smtp:3", now=timezone.now())
    trouble(user)
    page = text(browser_client)
    assert page.index("Work &amp; more needs you") < page.index("works again")


def test_mail_is_switched_off_and_on(browser_client: Client, user: User) -> None:
    answer = browser_client.post(PAGE + "mail/", {}, follow=True)
    assert "Saved." in answer.content.decode()
    user.refresh_from_db()
    assert user.notice_mail is False
    browser_client.post(PAGE + "mail/", {"by_mail": "on"})
    user.refresh_from_db()
    assert user.notice_mail is True


@pytest.mark.parametrize("address", [PAGE + "read/", PAGE + "mail/"])
def test_changes_want_a_post(browser_client: Client, address: str) -> None:
    assert browser_client.get(address).status_code == 405


def test_a_kind_nobody_knows_any_more_is_shown_all_the_same(
    browser_client: Client, user: User
) -> None:
    trouble(user)
    Notification.objects.update(kind="gone", key="gone:x", cause="gone")
    assert "Work &amp; more" in text(browser_client)
