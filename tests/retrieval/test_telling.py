"""When the owner of a task hears of it: through whole pulls, over days."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Domain, User
from connectivity.models import Feature, Notification
from connectivity.notices import told
from connectivity.services import features, notifications
from filtering.services import notices
from mailstore.models import Message
from retrieval.models import RetrievalTask
from retrieval.services import accounts, dispatch
from retrieval.services.telling import key_of, tell
from tests.retrieval.conftest import Remote, run
from tests.retrieval.failing import MakeTask

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def shown(user: User, later: timedelta) -> list[str]:
    now = timezone.now() + later
    return [told(row, now=now).title for row in notifications.recent(user, now=now)]


def notices_of(user: User, later: timedelta) -> list[str]:
    """Subjects of the notices by mail, after letting the beat look once."""
    notices.send_due(now=timezone.now() + later)
    rows = Message.objects.filter(user=user, from_address__startswith="postmaster@").order_by("pk")
    return list(rows.values_list("subject", flat=True))


def test_three_refusals_over_an_hour_are_told_once_and_mended_quietly(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    task = make_task()
    remote.server.add_user(remote.name, "quite another password")
    for span in (0 * HOUR, 20 * MINUTE, 59 * MINUTE):
        run(task, later=span, expect_failure=True)
        assert shown(user, span) == notices_of(user, span) == []
    name = "mara@remote.test"
    # Longer than an hour by now, and still being tried.
    assert shown(user, 61 * MINUTE) == [f"{name} cannot be checked"]
    run(task, later=80 * MINUTE, expect_failure=True)
    assert task.state == "needs-password"
    assert shown(user, 81 * MINUTE) == [f"{name} needs you"]
    assert notices_of(user, 82 * MINUTE) == [f"{name} needs you"]
    # The one probe a day says nothing new.
    run(task, later=26 * HOUR, expect_failure=True)
    assert Notification.objects.count() == 1
    remote.server.add_user(remote.name, "a remote password")
    dispatch.resume(task, now=timezone.now() + 30 * HOUR)
    run(task, later=30 * HOUR)
    assert shown(user, 31 * HOUR) == [f"{name} works again"]
    assert notices_of(user, 31 * HOUR)[-1] == f"{name} works again"
    assert notifications.unread(user, now=timezone.now() + 31 * HOUR) == 0


def test_a_single_failed_run_is_told_to_nobody(user: User, make_task: MakeTask) -> None:
    task = make_task()
    port, closed = task.port, 1
    RetrievalTask.objects.update(port=closed)
    task.refresh_from_db()
    run(task, expect_failure=True)
    assert shown(user, 10 * MINUTE) == []
    RetrievalTask.objects.update(port=port)
    task.refresh_from_db()
    run(task, later=30 * MINUTE)
    assert shown(user, 5 * HOUR) == []
    assert notices_of(user, 5 * HOUR) == []


def test_an_hour_of_failure_is_told_and_mailed(user: User, make_task: MakeTask) -> None:
    task = make_task(port=1)
    for span in (0 * MINUTE, 30 * MINUTE, 59 * MINUTE):
        run(task, later=span, expect_failure=True)
        assert shown(user, span) == notices_of(user, span) == []
    run(task, later=65 * MINUTE, expect_failure=True)
    assert shown(user, 66 * MINUTE) == ["mara@remote.test cannot be checked"]
    assert len(notices_of(user, 66 * MINUTE)) == 1
    assert len(notices_of(user, 23 * HOUR)) == 1
    assert len(notices_of(user, 26 * HOUR)) == 2


def test_who_fails_and_works_by_turns_is_not_written_about_every_time(
    user: User, make_task: MakeTask
) -> None:
    task, now = make_task(), timezone.now()
    for turn in range(24):
        began = turn * 2 * HOUR
        task.failing_since = now + began
        tell(task, cause="no-answer", now=now + began)
        notices_of(user, began + 61 * MINUTE)
        task.failing_since = None
        tell(task, cause="", now=now + began + 90 * MINUTE)
        notices_of(user, began + 91 * MINUTE)
    # The first two of each day, and that it works again.
    told = ["mara@remote.test cannot be checked", "mara@remote.test works again"]
    assert notices_of(user, 48 * HOUR) == told * 4
    assert Notification.objects.filter(mail_at__isnull=False).count() == 0


@pytest.mark.parametrize("end", ["paused", "deleted", "off", "off for all"])
def test_nobody_is_told_of_a_task_nobody_waits_for(
    user: User, domain: Domain, make_task: MakeTask, end: str
) -> None:
    task = make_task(port=1)
    run(task, expect_failure=True)
    run(task, later=65 * MINUTE, expect_failure=True)
    assert len(shown(user, 66 * MINUTE)) == 1
    if end == "paused":
        dispatch.pause(task)
    elif end == "deleted":
        accounts.delete(task=task)
    else:
        features.set_switch(domain if end == "off" else None, Feature.RETRIEVAL, False)
        # Nobody pulls it any more, so no run could end what is told.
        assert dispatch.claim_due(now=timezone.now() + 30 * HOUR) == []
    assert shown(user, 2 * HOUR) == []
    assert notices_of(user, 30 * HOUR) == []


def test_another_domain_switched_off_silences_nobody_here(
    user: User, domain: Domain, make_task: MakeTask
) -> None:
    task = make_task(state="needs-password")
    tell(task, cause="oauth-revoked", now=timezone.now())
    other = Domain.objects.create(name="elsewhere.test")
    features.set_switch(other, Feature.RETRIEVAL, False)
    features.set_switch(domain, Feature.SMTP_ACCOUNTS, False)
    assert len(shown(user, MINUTE)) == 1
    features.set_switch(domain, Feature.RETRIEVAL, False)
    assert shown(user, MINUTE) == []


def test_what_runs_by_hand_only_is_mended_by_its_new_password(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    now = timezone.now()
    task = make_task(method="manual", state="needs-password", next_at=None)
    tell(task, cause="login-refused", now=now)
    values = replace(accounts.values_of(task), password="a remote password")
    assert accounts.save(user=user, values=values, now=now, task=task).ok
    assert shown(user, MINUTE) == ["mara@remote.test works again"]
    assert notices_of(user, 2 * HOUR) == []


@pytest.mark.parametrize(
    ("method", "cause", "lasting", "is_told"),
    [
        ("automatic", "no-answer", 2 * HOUR, True),
        ("automatic", "throttled", 2 * HOUR, False),
        ("automatic", "throttled", 25 * HOUR, True),
        ("automatic", "daily-budget", 25 * HOUR, False),
        ("automatic", "circuit-open", 25 * HOUR, False),
        ("manual", "no-answer", 25 * HOUR, False),
    ],
)
def test_waiting_is_no_failure(
    user: User,
    make_task: MakeTask,
    method: str,
    cause: str,
    lasting: timedelta,
    is_told: bool,
) -> None:
    now = timezone.now()
    task = make_task(method=method, failing_since=now - lasting)
    tell(task, cause=cause, now=now)
    assert (notifications.unread(user, now=now) == 1) is is_told


def test_the_way_to_mend_it_is_the_page_of_the_task(
    user: User, other_user: User, make_task: MakeTask
) -> None:
    task = make_task(state="needs-password")
    tell(task, cause="oauth-revoked", now=timezone.now())
    row = Notification.objects.get(key=key_of(task))
    assert row.user == user
    assert told(row, now=timezone.now()).url.endswith(f"/{task.pk}/")
    assert notifications.recent(other_user, now=timezone.now()) == []
