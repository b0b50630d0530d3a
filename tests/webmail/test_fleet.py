"""Health: sentences by provider and cause, the backlog, the workers; pausing a provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import redis
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from pytest_django import Settings

from accounts.models import AuditEntry, Domain, Role, User
from lib.moments import moment
from retrieval.models import ProviderPause
from retrieval.services import fleet as retrieving
from retrieval.services import pausing
from smtp_accounts.services import fleet as sending
from tests.broker import PrivateBroker, bundled
from tests.webmail.happened import NOW, failing_task, fill
from webmail import fleet_words
from webmail.services import workers

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(make_user: Callable[..., User]) -> User:
    return make_user("admin@example.test", Role.DOMAIN_ADMIN)


@pytest.fixture
def elsewhere(make_user: Callable[..., User]) -> User:
    other = make_user("boss@there.test", Role.DOMAIN_ADMIN)
    other.domain = Domain.objects.create(name="there.test")
    other.save()
    return other


@pytest.fixture
def broker(settings: Settings) -> Iterator[redis.Redis]:
    with PrivateBroker(bundled()) as running:
        # Another than the first of its databases: the number in the address counts.
        settings.BROKER_URL = running.url.removesuffix("0") + "3"
        with redis.Redis.from_url(settings.BROKER_URL) as client:
            yield client


def test_tasks_that_fail_are_told_by_provider_and_cause(
    user: User, other_user: User, elsewhere: User, domain: Domain
) -> None:
    for person in (user, other_user):
        for _task in range(7):
            failing_task(person)
    slow = failing_task(user, host="imap.slow.test")
    type(slow).objects.filter(pk=slow.pk).update(cause="throttled", failing_since=None)
    paused = failing_task(user, host="imap.paused.test")
    type(paused).objects.filter(pk=paused.pk).update(state="paused")
    failing_task(elsewhere, host="imap.there.test")

    state = retrieving.state(domain, now=NOW)
    assert (state.tasks, state.people, state.troubled) == (16, 2, 14)
    told = fleet_words.retrieval(state, paused=frozenset(), now=NOW)
    since = moment(NOW - timedelta(hours=1), now=NOW)
    assert [one.title for one in told] == [
        f"14 tasks failing at imap.remote.test since {since}",
        "1 task waits at imap.slow.test",
    ]
    assert "It concerns 2 people." in told[0].text
    assert told[0].said == "NO mailbox of <address> is locked, <name>"
    assert not told[1].tone
    everywhere = retrieving.state(None, now=NOW)
    assert everywhere.troubled == 15


def test_what_is_due_and_what_waits_is_counted(user: User, domain: Domain) -> None:
    task = fill(user)
    late = NOW - timedelta(minutes=7)
    type(task).objects.filter(pk=task.pk).update(next_at=late)
    state, outbox = retrieving.state(domain, now=NOW), sending.state(domain, now=NOW)
    assert (state.late, state.oldest) == (1, late)
    assert (outbox.waiting, outbox.retrying) == (0, 1)
    assert [(one.host, one.messages, one.is_final) for one in outbox.groups] == [
        ("smtp.remote.test", 1, False),
        ("smtp.remote.test", 1, True),
    ]


def test_the_page_asks_as_often_for_many_as_for_one(
    user: User, admin: User, client_for: Callable[[User], Client]
) -> None:
    browser, numbers = client_for(admin), []
    for count in range(3):
        fill(user)
        failing_task(user, host=f"imap.{count}.test")
        browser.get(reverse("domain-health"))
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(reverse("domain-health")).status_code == 200
        numbers.append(len(asked))
    assert numbers[1] == numbers[2] <= 14, numbers


def test_an_admin_pauses_a_provider_for_the_own_people_alone(
    user: User, admin: User, elsewhere: User, client_for: Callable[[User], Client]
) -> None:
    failing_task(user)
    browser, pause = client_for(admin), reverse("domain-pause") + "?provider=imap.remote.test"
    assert "1 task at imap.remote.test waits" in browser.get(pause).content.decode()
    assert "Covers imap.remote.test alone." in browser.get(pause).content.decode()
    for host in ("imap.mail.yahoo.com", "imap.aol.com", "imap.aol.com"):
        shared = failing_task(user, host=host)
        type(shared).objects.filter(pk=shared.pk).update(provider_key="yahoo")
    both = reverse("domain-pause") + "?provider=yahoo"
    asked = " ".join(strip_tags(browser.get(both).content.decode()).split())
    assert "Covers all servers of yahoo.com, aol.com, yahoodns.net" in asked
    assert "Tasks by server: imap.aol.com (2), imap.mail.yahoo.com (1)" in asked
    answer = browser.post(pause, {"reason": " ", "hours": "4"})
    assert answer.status_code == 422
    assert "Say why" in answer.content.decode()
    assert browser.post(pause, {"reason": "Down", "hours": "900"}).status_code == 422
    # Nobody of the other domain has a task there, so that it is not even known there.
    assert client_for(elsewhere).get(pause).status_code == 404

    answer = browser.post(pause, {"reason": "Remote is down", "hours": "4"}, follow=True)
    told = answer.content.decode()
    assert "imap.remote.test is paused until" in told
    assert "Remote is down" in told
    row = ProviderPause.objects.get()
    assert (row.domain_id, row.by_id) == (admin.domain_id, admin.pk)
    assert timedelta(hours=3, minutes=59) < row.until - timezone.now() <= timedelta(hours=4)

    resume = {"pause": str(row.pk)}
    for stranger in (elsewhere,):
        answer = client_for(stranger).post(reverse("domain-resume"), resume)
        assert answer.status_code == 404
    for odd in ({}, {"pause": "x"}, {"pause": "9" * 30}):
        assert browser.post(reverse("domain-resume"), odd).status_code == 404
    assert browser.post(reverse("domain-resume"), resume).status_code == 302
    assert not ProviderPause.objects.exists()
    actions = AuditEntry.objects.filter(domain=admin.domain_id).values_list("action", flat=True)
    assert {"provider-paused", "provider-resumed"} <= set(actions)


def test_a_pause_of_the_system_is_shown_below_and_ended_only_above(
    user: User, admin: User, make_user: Callable[..., User], client_for: Callable[[User], Client]
) -> None:
    failing_task(user)
    until = timezone.now() + timedelta(hours=1)
    row = pausing.pause(
        "imap.remote.test", None, by=None, now=timezone.now(), until=until, reason="A storm"
    )
    pausing.pause(
        "imap.mail.yahoo.com", None, by=None, now=timezone.now(), until=until, reason="Theirs"
    )
    told = client_for(admin).get(reverse("domain-health")).content.decode()
    assert "A storm" in told
    # By the name people know, and who did it.
    assert "Yahoo is paused until" in told
    assert "by the operator." in told
    assert "Only a system administrator can end it" in told
    assert "End the pause" not in told
    resume = {"pause": str(row.pk)}
    assert client_for(admin).post(reverse("domain-resume"), resume).status_code == 404
    root = make_user("root@example.test", Role.SYSTEM_ADMIN)
    assert "End the pause" in client_for(root).get(reverse("system-health")).content.decode()
    assert client_for(root).post(reverse("system-resume"), resume).status_code == 302
    assert not ProviderPause.objects.filter(pk=row.pk).exists()


def test_the_clock_and_the_workers_are_missed_when_silent(broker: redis.Redis) -> None:
    now = timezone.now()
    state = workers.state(now=now)
    assert state.is_reached
    assert {part.name for part in state.gone} == {"beat", *workers.QUEUES}
    assert all(part.seen is None for part in state.parts)
    workers.alive(["beat", *workers.QUEUES])
    broker.rpush("polls", "one", "two")
    state = workers.state(now=timezone.now())
    assert not state.gone
    assert (state.parts[1].name, state.parts[1].waiting, state.waiting) == ("polls", 2, 2)
    later = timezone.now() + timedelta(seconds=workers.MISSED_AFTER + 1)
    told = fleet_words.gone(workers.state(now=later), now=later)
    assert len(told) == 5
    assert told[0].title.startswith("The clock (beat) was last heard of at")
    assert "manage.py serve" in told[0].text
    assert "“Retrieval”" in told[1].title


def test_a_broker_that_is_away_is_said_and_breaks_nothing(
    settings: Settings,
    make_user: Callable[..., User],
    client_for: Callable[[User], Client],
) -> None:
    settings.BROKER_URL = "redis+socket:///nowhere/valkey.sock"
    root = client_for(make_user("root@example.test", Role.SYSTEM_ADMIN))
    for name in ("system-health", "system-status"):
        assert "The broker does not answer" in root.get(reverse(name)).content.decode()
