"""Known failures 13 to 16, 20, 21 and 35: servers that ask for patience, or refuse."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from accounts.models import User
from retrieval import profiles
from retrieval.models import RetrievalTask
from retrieval.services import dispatch
from retrieval.services.pull import pull
from tests.retrieval.conftest import bodies, letter, run
from tests.retrieval.failing import BODIES, HOUR, MakeTask, batches, due_in, letters
from tests.servers.acts import drop, last_words, say, swap
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer
from tests.servers.pop import PopServer

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
HINT = timedelta(milliseconds=299_961)


def refuse(server: ImapServer, words: str, command: str = "^LOGIN|^AUTHENTICATE") -> None:
    server.on(command, say(f"%TAG% {words}\r\n"))


def past(task: RetrievalTask, span: timedelta) -> None:
    """Let it be as if the failing had begun so much earlier."""
    assert task.failing_since is not None
    task.failing_since -= span
    task.save(update_fields=["failing_since"])


@pytest.mark.parametrize("command", ["^LOGIN", "^(STATUS|EXAMINE)", "FETCH"])
def test_row_13_throttled_with_a_hint(
    imap_server: ImapServer, odd_task: MakeTask, command: str
) -> None:
    """The number the server names is kept to as a date; no worker waits for it to pass."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 6)))}
    words = "BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds"
    refuse(imap_server, words, command)
    task = odd_task(imap_server)
    done = run(task, expect_failure=True)
    assert done.cause == "throttled"
    assert task.refused_count == 0
    due_in(task, HINT, HINT * 1.2)
    assert task.next_at is not None
    assert task.next_at - timezone.now() > HINT - timedelta(seconds=20)
    assert len(imap_server.talks) == 1
    assert imap_server.count(command) <= 2


def test_row_13_news_do_not_shorten_the_wait(imap_server: ImapServer, odd_task: MakeTask) -> None:
    """What is heard of while a run is told to wait does not bring the next one forward."""
    refuse(imap_server, "BAD Request is throttled. Suggested Backoff Time: 299961 ms")
    task = odd_task(imap_server)
    claim = dispatch.claim_one(task, now=timezone.now())
    assert claim is not None
    dispatch.hint([task.pk], now=timezone.now())
    pull(task_id=task.pk, fence=claim.fence, clock=timezone.now)
    task.refresh_from_db()
    assert task.cause == "throttled"
    due_in(task, HINT, HINT * 1.2)
    assert not task.rerun


def test_row_14_throttled_in_passing(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """[THROTTLED] on an OK is no error: for an hour less is asked for at a time."""
    box = Box(letters(range(1, 61)))
    imap_server.boxes = {"INBOX": box}
    imap_server.on(BODIES, swap(b"OK done", b"OK Success [THROTTLED]"), times=1)
    task = odd_task(imap_server)
    done = run(task)
    assert (done.outcome, done.stored, task.state) == ("ok", 60, "ok")
    assert task.slowed_until is not None
    assert timedelta(minutes=55) < task.slowed_until - timezone.now() <= HOUR
    box.messages |= letters(range(61, 101))
    run(task, later=10 * MINUTE)
    assert max(len(batch) for batch in batches(imap_server.talks[-1], box)) <= 10
    box.messages |= letters(range(101, 141))
    run(task, later=2 * HOUR)
    assert max(len(batch) for batch in batches(imap_server.talks[-1], box)) > 10
    assert len(bodies(user)) == 140


def test_row_15_bandwidth_used_up(imap_server: ImapServer, odd_task: MakeTask) -> None:
    """An hour, then four, then a day: the account is suspended and every try prolongs it."""
    refuse(imap_server, "NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)")
    task = odd_task(imap_server)
    for wait in (HOUR, 4 * HOUR, DAY):
        done = run(task, expect_failure=True)
        assert done.cause == "over-quota"
        due_in(task, wait, wait * 1.1)
    assert (task.refused_count, task.state) == (0, "backoff")
    assert task.cause_text


def test_row_15_own_budget_of_a_day(
    user: User, imap_server: ImapServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the provider's limit is reached we stop by ourselves, until the next UTC day."""
    box = Box({uid: letter(uid, body="x" * 1000) for uid in range(1, 301)})
    imap_server.boxes = {"INBOX": box}
    sparing = profiles.Profile("127.0.0.1", day_bytes=100_000)
    monkeypatch.setattr("retrieval.services.session.profile_of", lambda _host, **_pop: sparing)
    task = odd_task(imap_server)
    done = run(task)
    assert (done.outcome, done.cause) == ("waited", "daily-budget")
    assert 0 < done.stored < 300
    assert task.budget_bytes >= 100_000
    assert task.fail_count == 0
    now = timezone.now()
    midnight = (now + DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    assert task.next_at is not None
    assert midnight <= task.next_at <= midnight + HOUR
    connections = len(imap_server.talks)
    assert run(task).outcome == "waited"
    assert len(imap_server.talks) - connections <= 1
    for day in range(1, 6):
        run(task, later=day * DAY)
    assert bodies(user) == sorted(box.messages.values())


@pytest.mark.parametrize(
    "words",
    [
        "NO [ALERT] Too many simultaneous connections. (Failure)",
        "NO [LIMIT] UID FETCH Rate limit hit.\r\n* BYE too much",
        "NO [LIMIT] LOGIN Rate limit hit.",
    ],
)
@pytest.mark.parametrize("command", ["^LOGIN", "FETCH"])
def test_row_16_too_many_connections(
    imap_server: ImapServer, odd_task: MakeTask, words: str, command: str
) -> None:
    """The person's telephone shares this limit: one try, then five to fifteen minutes of rest."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 6)))}
    refuse(imap_server, words, command)
    task = odd_task(imap_server)
    done = run(task, expect_failure=True)
    assert done.cause == "limited"
    assert (task.state, task.refused_count) == ("backoff", 0)
    due_in(task, 5 * MINUTE, 15 * MINUTE)
    assert len(imap_server.talks) == 1


def test_row_20_authenticated_but_not_connected(
    imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Random at first, so it is tried again within the hour; after a day it is a setting there."""
    refuse(imap_server, "BAD User is authenticated but not connected.", "^(LIST|STATUS|EXAMINE)")
    task = odd_task(imap_server)
    for _ in range(4):
        assert run(task, expect_failure=True).cause == "not-connected"
        due_in(task, 5 * MINUTE, HOUR)
    assert (task.state, task.refused_count) == ("backoff", 0)
    past(task, 25 * HOUR)
    run(task, expect_failure=True)
    due_in(task, DAY, DAY)


def test_row_21_one_refusal_disables_nothing(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Flaky servers say no to good passwords: only three in a row over an hour are believed."""
    imap_server.boxes = {"INBOX": Box(letters((1, 2)))}
    imap_server.passwords = {"another one"}
    task = odd_task(imap_server)
    for wait in (10 * MINUTE, HOUR):
        assert run(task, expect_failure=True).cause == "login-refused"
        assert task.state == "backoff"
        due_in(task, wait, wait)
    imap_server.passwords.clear()
    run(task)
    assert (task.state, task.refused_count, len(bodies(user))) == ("ok", 0, 2)


def test_row_21_refused_for_an_hour(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Then the person is asked, and one probe a day finds out that the server changed its mind."""
    imap_server.boxes = {"INBOX": Box(letters((1, 2)))}
    imap_server.passwords = {"another one"}
    task = odd_task(imap_server)
    for minutes in (0, 20, 90):
        run(task, later=minutes * MINUTE, expect_failure=True)
    assert task.state == "needs-password"
    assert task.next_at is not None
    assert task.next_at - timezone.now() > 23 * HOUR
    imap_server.passwords.clear()
    run(task, later=30 * HOUR)
    assert (task.state, task.refused_count, len(bodies(user))) == ("ok", 0, 2)


@pytest.mark.parametrize("kind", ["imap", "pop"])
def test_row_35_accepted_then_dropped(
    imap_server: ImapServer, pop_server: PopServer, odd_task: MakeTask, kind: str
) -> None:
    """A sign-in that works is no success: the waits grow until a folder was completed."""
    imap_server.boxes = {"INBOX": Box(letters((1, 2)))}
    pop_server.drop = [("a", letter(1))]
    server = imap_server if kind == "imap" else pop_server
    server.on("^(LIST|STAT)", drop(hard=True))
    task = odd_task(server)
    for fails in range(1, 6):
        assert run(task, expect_failure=True).cause == "dropped"
        assert (task.fail_count, task.state) == (fails, "backoff")
    assert len(server.talks) <= 15
    server.behave()
    run(task)
    assert (task.fail_count, task.state) == (0, "ok")


@pytest.mark.accept("A192")
def test_row_17_token_expires_in_the_middle(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """The run goes on with a connection, and a token, of its own; nothing is fetched twice."""
    box = Box(letters(range(1, 201)))
    imap_server.boxes = {"INBOX": box}
    words = "* BYE Session invalidated - AccessTokenExpired\r\n"
    imap_server.on(BODIES, last_words(words), times=1, skip=2)
    done = run(odd_task(imap_server))
    assert (done.outcome, done.stored) == ("ok", 200)
    assert bodies(user) == sorted(box.messages.values())
    first, second = [talk for talk in imap_server.talks if batches(talk, box)]
    stored = {uid for batch in batches(first, box)[:2] for uid in batch}
    assert stored.isdisjoint(uid for batch in batches(second, box) for uid in batch)


def test_row_17_token_that_is_never_accepted(imap_server: ImapServer, odd_task: MakeTask) -> None:
    """Once more at once, for a fresh token; then as for any refusal, never in a tight loop."""
    refuse(imap_server, "NO [AUTHENTICATIONFAILED] AccessTokenExpired")
    task = odd_task(imap_server)
    once = partial(run, task, expect_failure=True)
    assert once().cause == "token-expired"
    assert task.next_at is not None
    assert task.next_at <= timezone.now()
    assert once().cause == "token-expired"
    due_in(task, 9 * MINUTE, HOUR)
    assert len(imap_server.talks) <= 4
