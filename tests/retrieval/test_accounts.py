"""The service behind test, save and delete, and the rows it leads to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Domain, User
from connectivity.models import Credential, Feature
from connectivity.services import credentials, features
from mailstore.models import FolderRole, Source
from mailstore.services import folders
from protocols.types import Security
from retrieval.models import Method, RetrievalRun, RetrievalTask, TaskState
from retrieval.pace import progress_of
from retrieval.rows import Look, look_of, problem_of, row_for
from retrieval.services import accounts
from retrieval.services.accounts import TaskValues
from retrieval.services.own_account import is_own
from tests.retrieval.conftest import SECRET, Remote

NOW = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
MakeTask = Callable[..., RetrievalTask]


@pytest.fixture
def values(remote: Remote) -> TaskValues:
    return TaskValues(
        type="imap",
        host="localhost",
        port=remote.server.imaps_port,
        username=remote.name,
        password=SECRET,
    )


def test_what_was_typed_never_shows_its_password(values: TaskValues) -> None:
    assert SECRET not in repr(values)


def test_without_a_test_the_encryption_has_to_be_named(user: User, values: TaskValues) -> None:
    with pytest.raises(ValueError, match="encryption"):
        accounts.save(user=user, values=values, now=NOW, test=False)
    named = replace(values, host="nowhere.invalid", security=Security.STARTTLS)
    task = accounts.save(user=user, values=named, now=NOW, test=False).task
    assert task is not None
    assert task.security == "starttls"


def test_a_password_given_meanwhile_stays_with_its_server(
    user: User, make_task: MakeTask, remote: Remote
) -> None:
    """Two windows: what one saves without a password is not given the other one's."""
    slow = make_task()
    theirs = credentials.store(user=user, secret="of another server")
    RetrievalTask.objects.filter(pk=slow.pk).update(host="imap.other.test", credential=theirs)
    outcome = accounts.save(user=user, values=accounts.values_of(slow), now=NOW, task=slow)
    assert outcome.problem is not None
    assert outcome.problem.cause == "password-needed"
    slow.refresh_from_db()
    assert (slow.host, slow.credential) == ("imap.other.test", theirs)


def test_a_person_can_be_deleted_with_their_tasks(user: User, make_task: MakeTask) -> None:
    make_task()
    user.delete()
    assert not RetrievalTask.objects.exists()
    assert not Source.objects.exists()


def test_a_task_deleted_meanwhile_is_not_made_again(
    user: User, make_task: MakeTask, remote: Remote
) -> None:
    gone = make_task()
    RetrievalTask.objects.filter(pk=gone.pk).delete()
    outcome = accounts.save(user=user, values=accounts.values_of(gone), now=NOW, task=gone)
    assert outcome.problem is not None
    assert not RetrievalTask.objects.exists()


def test_a_pop_task_without_a_folder_goes_to_the_inbox(user: User, values: TaskValues) -> None:
    pop = replace(values, type="pop", security=Security.TLS, transfer="subfolders")
    task = accounts.save(user=user, values=pop, now=NOW, test=False).task
    assert task is not None
    assert task.destination == folders.special(user, FolderRole.INBOX)
    assert task.transfer == "root"


def test_an_automatic_task_starts_at_once_and_a_manual_one_waits(
    user: User, values: TaskValues
) -> None:
    automatic = accounts.save(user=user, values=values, now=NOW).task
    manual = accounts.save(user=user, values=replace(values, method=Method.MANUAL), now=NOW).task
    assert automatic is not None
    assert manual is not None
    assert (automatic.next_at, manual.next_at) == (NOW, None)


def test_every_account_gets_a_colour_of_its_own_while_there_are_some(
    user: User, values: TaskValues
) -> None:
    plain = replace(values, security=Security.TLS)
    for _ in range(7):
        accounts.save(user=user, values=plain, now=NOW, test=False)
    colors = list(Source.objects.order_by("pk").values_list("color", flat=True))
    assert sorted(colors[:6]) == [1, 2, 3, 4, 5, 6]
    assert 1 <= colors[6] <= 6


def test_an_unreadable_secret_is_a_plain_problem(
    user: User, make_task: MakeTask, settings: Settings
) -> None:
    task = make_task()
    Credential.objects.update(key_id="lost")
    task.refresh_from_db()
    outcome = accounts.check(user=user, values=accounts.values_of(task), now=NOW, task=task)
    assert outcome.problem is not None
    assert outcome.problem.cause == "credential-unreadable"


@pytest.mark.accept("A5")
def test_the_service_itself_refuses_where_the_feature_is_off(
    user: User, domain: Domain, values: TaskValues
) -> None:
    features.set_switch(domain, Feature.RETRIEVAL, enabled=False)
    outcome = accounts.save(user=user, values=values, now=NOW)
    assert outcome.problem is not None
    assert outcome.problem.cause == "feature-off"
    assert not RetrievalTask.objects.exists()


@pytest.mark.accept("A190")
def test_the_service_itself_keeps_the_password_from_other_servers(
    user: User, make_task: MakeTask
) -> None:
    task = make_task()
    elsewhere = replace(accounts.values_of(task), host="127.0.0.1")
    outcome = accounts.save(user=user, values=elsewhere, now=NOW, task=task)
    assert outcome.problem is not None
    assert outcome.problem.cause == "password-needed"


def test_a_paused_task_stays_paused_when_edited(user: User, make_task: MakeTask) -> None:
    task = make_task(state=TaskState.PAUSED, next_at=None)
    saved = accounts.save(user=user, values=accounts.values_of(task), now=NOW, task=task).task
    assert saved is not None
    assert (saved.state, saved.next_at) == (TaskState.PAUSED, None)


@pytest.mark.parametrize(
    ("username", "host", "own"),
    [
        ("mara@example.test", "127.0.0.1", True),
        ("MARA@Example.Test", "localhost", True),
        ("mara@example.test", "[::1]", True),
        ("anybody@example.test", "127.0.0.1", True),
        ("mara@elsewhere.test", "127.0.0.1", False),
        ("mara@example.test.elsewhere.test", "127.0.0.1", False),
        ("mara", "127.0.0.1", False),
        ("mara@example.test", "192.0.2.1", False),
        ("mara@example.test", "no-such-host.invalid", False),
    ],
)
@pytest.mark.accept("A51", "A52")
def test_own_is_the_address_and_the_server_together(
    domain: Domain,
    settings: Settings,
    username: str,
    host: str,
    own: bool,
) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    assert is_own(username=username, host=host) is own


def test_an_own_server_behind_a_translated_address(domain: Domain, settings: Settings) -> None:
    """The public address is on no interface here, but it is where our own name leads."""
    settings.ALLOWED_HOSTS = ["192.0.2.77", ".example.test", "*"]
    assert is_own(username="mara@example.test", host="192.0.2.77")
    assert not is_own(username="mara@example.test", host="192.0.2.78")


# ---- how a task looks


@pytest.mark.parametrize(
    ("fields", "look"),
    [
        ({"next_at": NOW + timedelta(minutes=5)}, Look.FINE),
        ({"method": "manual"}, Look.MANUAL),
        ({"method": "manual", "cause": "no-answer"}, Look.FAILED),
        ({"next_at": NOW}, Look.QUEUED),
        ({"next_at": NOW, "lease_until": NOW + timedelta(seconds=9)}, Look.RUNNING),
        ({"next_at": NOW, "lease_until": NOW - timedelta(seconds=9)}, Look.QUEUED),
        ({"state": "backoff", "next_at": NOW + timedelta(minutes=5)}, Look.WAITING),
        ({"state": "backoff", "next_at": NOW}, Look.QUEUED),
        ({"state": "needs-password", "next_at": NOW + timedelta(days=1)}, Look.NEEDS_YOU),
        ({"state": "paused"}, Look.PAUSED),
    ],
)
def test_the_look_says_whose_turn_it_is(fields: dict[str, object], look: Look) -> None:
    task = RetrievalTask(**({"type": "imap", "method": "automatic"} | fields))
    assert look_of(task, now=NOW) == look


def test_a_single_failure_is_quiet_and_a_lasting_one_is_told() -> None:
    soon = NOW + timedelta(minutes=5)
    for fails, cause, words in (
        (1, "no-answer", "The last check failed. Nothing is lost."),
        (3, "no-answer", "imap.far.test did not answer on port 993 in time."),
        (1, "login-refused", "imap.far.test was reached"),
    ):
        task = RetrievalTask(
            type="imap",
            host="imap.far.test",
            port=993,
            state="backoff",
            next_at=soon,
            cause=cause,
            fail_count=fails,
        )
        row = row_for(task, [], now=NOW)
        assert row.line == "Waiting until 09:45"
        assert row.note.startswith(words)


def test_a_cause_nobody_lists_is_told_in_the_stored_words() -> None:
    task = RetrievalTask(type="imap", cause="unlisted", cause_text="There is no room left.")
    told = problem_of(task)
    assert told is not None
    assert told.sentence == "There is no room left."


def test_progress_without_numbers_says_what_is_going_on() -> None:
    assert progress_of(None, now=NOW).left == "Connecting"
    run = RetrievalRun(started_at=NOW, folder_name="Archive")
    looking = progress_of(run, now=timezone.now())
    assert (looking.left, looking.right, looking.total) == (
        "Looking for new messages",
        "Archive",
        0,
    )


def test_progress_counts_every_settled_message() -> None:
    run = RetrievalRun(
        started_at=NOW - timedelta(seconds=10),
        found=100,
        stored=30,
        linked=5,
        skipped=4,
        quarantined=1,
    )
    shown = progress_of(run, now=NOW)
    assert (shown.done, shown.total) == (40, 100)
    assert shown.left == "40 of 100"
    assert shown.right == "4/s, 15 s left"
