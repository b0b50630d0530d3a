"""Mail about accounts that fail: when it comes, how often, and what it says."""

from __future__ import annotations

import email
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from itertools import pairwise

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.models import User
from connectivity.models import Notification
from connectivity.services import notifications
from filtering.services import deliver, notices
from mailstore.models import Folder, Message
from mailstore.services import blobs

START = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
KEY = "retrieval:7"


def fails(
    user: User, now: datetime, *, kind: str = "retrieval-failing", label: str = "Work"
) -> None:
    notifications.open_(
        user=user,
        key=KEY,
        kind=kind,
        label=label,
        url="",
        cause="no-answer",
        params={"host": "imap.corp.example", "port": 993},
        now=now,
    )


def inbox_of(user: User) -> list[EmailMessage]:
    rows = Message.objects.filter(user=user, folder__role="inbox").order_by("pk")
    return [
        email.message_from_bytes(blobs.read(row.blob), policy=default)
        for row in rows.select_related("blob__segment")
    ]


def live(user: User, start: datetime, span: timedelta, *, failing: bool) -> list[datetime]:
    """Let time pass in steps of ten minutes, as the beat would; when mail came."""
    came = []
    for step in range(int(span / (10 * MINUTE)) + 1):
        now = start + step * 10 * MINUTE
        if failing:
            fails(user, now)
        if notices.send_due(now=now):
            came.append(now)
    return came


def test_a_failure_of_less_than_an_hour_sends_nothing(user: User, inbox: Folder) -> None:
    assert live(user, START, 50 * MINUTE, failing=True) == []
    notifications.resolve(user=user, key=KEY, now=START + 55 * MINUTE)
    assert live(user, START + HOUR, 3 * HOUR, failing=False) == []
    assert inbox_of(user) == []


def test_mail_comes_after_an_hour_then_daily_at_most_then_once_that_it_works(
    user: User, inbox: Folder
) -> None:
    came = live(user, START, 9 * DAY, failing=True)
    assert came[0] == START + HOUR
    gaps = [later - earlier for earlier, later in pairwise(came)]
    assert gaps[0] == DAY
    assert min(gaps) >= DAY
    assert 4 <= len(came) <= 8
    notifications.resolve(user=user, key=KEY, now=START + 10 * DAY)
    again = live(user, START + 10 * DAY, 3 * DAY, failing=False)
    assert again == [START + 10 * DAY]
    subjects = [mail["Subject"] for mail in inbox_of(user)]
    assert subjects == ["Work cannot be checked"] * len(came) + ["Work works again"]


def test_what_ended_and_begins_again_is_a_story_of_its_own(user: User, inbox: Folder) -> None:
    live(user, START, 2 * HOUR, failing=True)
    notifications.resolve(user=user, key=KEY, now=START + 3 * HOUR)
    live(user, START + 3 * HOUR, HOUR, failing=False)
    assert live(user, START + 5 * HOUR, 2 * HOUR, failing=True) == [START + 6 * HOUR]


def test_what_needs_the_person_is_mailed_after_an_hour_too(user: User, inbox: Folder) -> None:
    fails(user, START, kind="retrieval-needs-you")
    assert notices.send_due(now=START + 59 * MINUTE) == 0
    assert notices.send_due(now=START + HOUR) == 1
    [mail] = inbox_of(user)
    assert mail["Subject"] == "Work needs you"


def test_of_a_paused_account_no_mail_comes(user: User, inbox: Folder) -> None:
    live(user, START, 2 * HOUR, failing=True)
    notifications.drop(user=user, key=KEY)
    assert live(user, START + 3 * HOUR, 3 * DAY, failing=False) == []


def test_who_wants_no_mail_gets_none_and_is_asked_again_later(user: User, inbox: Folder) -> None:
    user.notice_mail = False
    user.save(update_fields=["notice_mail"])
    assert live(user, START, 2 * DAY, failing=True) == []
    user.notice_mail = True
    user.save(update_fields=["notice_mail"])
    assert len(live(user, START + 2 * DAY, 2 * DAY, failing=True)) >= 1


def test_the_message_is_a_proper_one(user: User, inbox: Folder, settings: Settings) -> None:
    settings.SITE_URL = "https://mail.example.test"
    live(user, START, DAY + 2 * HOUR, failing=True)
    first, second = inbox_of(user)
    assert first["To"] == "mara@example.test"
    assert first["From"].addresses[0].addr_spec == "postmaster@example.test"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["List-Id"] == "<notices.example.test>"
    assert first["Date"].datetime == START + HOUR
    assert second["In-Reply-To"] == first["Message-ID"] != second["Message-ID"]
    plain, html = first.iter_parts()
    assert [plain.get_content_type(), html.get_content_type()] == ["text/plain", "text/html"]
    for part in (plain, html):
        text = part.get_content()
        assert "imap.corp.example did not answer on port 993" in text
        assert "Not checked since 09:40" in text
        assert "https://mail.example.test/" in text
        assert "/7/" in text
    assert not first.defects
    row = Message.objects.filter(user=user).first()
    assert row is not None
    assert b"\n" not in blobs.read(row.blob).replace(b"\r\n", b"")


def test_without_an_address_of_the_site_the_way_is_told(user: User, inbox: Folder) -> None:
    live(user, START, HOUR, failing=True)
    text = inbox_of(user)[0].get_body(("plain",))
    assert text is not None
    assert "Settings, Connectivity" in text.get_content()
    assert "http" not in text.get_content()


def test_a_label_is_text_and_no_markup_or_header(user: User, inbox: Folder) -> None:
    fails(user, START, label="Work\r\nBcc: eve@x.test <b>&")
    notices.send_due(now=START + HOUR)
    [mail] = inbox_of(user)
    assert mail["Bcc"] is None
    html = mail.get_body(("html",))
    assert html is not None
    assert "<b>" not in html.get_content()


def test_the_message_speaks_the_language_and_keeps_the_hours_of_its_reader(
    user: User, inbox: Folder
) -> None:
    user.language, user.time_zone = "de", "Europe/Berlin"
    user.save()
    live(user, START, HOUR, failing=True)
    [mail] = inbox_of(user)
    assert mail["Content-Language"] == "de"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "10:40" in body.get_content()


@pytest.mark.django_db(transaction=True)
def test_workers_that_look_at_once_file_one_mail(user: User, inbox: Folder) -> None:
    fails(user, START)

    def look(_: int) -> int:
        try:
            return notices.send_due(now=START + HOUR)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(look, range(8))) == 1
    assert len(inbox_of(user)) == 1


def test_a_worker_that_dies_while_filing_leaves_the_mail_due(
    user: User, inbox: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(user, START)
    with monkeypatch.context() as patch:
        patch.setattr(deliver, "file", _break)
        with pytest.raises(KeyboardInterrupt):
            notices.send_due(now=START + HOUR)
    row = Notification.objects.get()
    assert row.mailed_at is None
    assert notices.send_due(now=START + HOUR) == 1


def _break(*_: object) -> None:
    raise KeyboardInterrupt
