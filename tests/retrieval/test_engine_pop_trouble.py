"""POP servers in trouble: what is single messages' business, and what the account's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.models import User
from connectivity.catalogue import root
from mailstore.models import Message
from retrieval import profiles
from retrieval.models import PopMessage, RetrievalRun, RetrievalTask
from retrieval.services import pull_pop
from retrieval.services.session import Fetched, Session
from tests.retrieval.conftest import bodies, letter, run
from tests.servers.acts import cut, drip, drop, say
from tests.servers.pop import PopServer

MakeTask = Callable[..., RetrievalTask]
HOUR = timedelta(hours=1)


def fill(server: PopServer, count: int) -> list[bytes]:
    """So many messages in the maildrop; the bytes, sorted as `bodies` does."""
    server.drop = [(f"id{number}", letter(number)) for number in range(1, count + 1)]
    return sorted(raw for _, raw in server.drop)


both = pytest.mark.parametrize(
    "server", ["", ",PIPELINING"], ids=["single", "ahead"], indirect=True
)


@pytest.fixture
def server(request: pytest.FixtureRequest, pop_server: PopServer) -> PopServer:
    """A misbehaving server, with PIPELINING unless asked for both ways."""
    pop_server.capabilities = "TOP,UIDL" + getattr(request, "param", ",PIPELINING")
    return pop_server


@both
@pytest.mark.accept("A191", "A192")
@pytest.mark.parametrize("at", [0, 3, 100])
def test_row_03_a_lost_connection_is_followed_by_another(
    user: User, server: PopServer, odd_task: MakeTask, at: int
) -> None:
    sent = fill(server, 130)
    server.on("RETR", cut(at, hard=False), times=1, skip=70)
    done = run(odd_task(server))
    assert (done.outcome, done.stored, done.removed) == ("ok", 130, 130)
    assert bodies(user) == sent
    assert server.drop == []
    # Of what came before the cut nothing is asked for again.
    assert sum(text.startswith("RETR") for text in server.talks[1].heard) == 60
    assert not PopMessage.objects.filter(attempts__gt=0).exists()


@both
def test_row_08_a_message_that_breaks_connections_holds_up_no_other(
    user: User, server: PopServer, odd_task: MakeTask
) -> None:
    sent = fill(server, 12)
    server.on("RETR 4$", cut(50), times=2)
    task = odd_task(server, leave_on_server=True)
    assert run(task).stored == 11
    row = PopMessage.objects.get(task=task, key="id4")
    assert (row.state, row.attempts) == ("pending", 1)
    assert row.next_try_at is not None
    assert run(task, later=HOUR / 2).stored == 0
    assert run(task, later=2 * HOUR).stored == 1
    assert bodies(user) == sent


@pytest.mark.parametrize("words", ["-ERR no", "+OK\r\n.", "-ERR [SYS/TEMP] broken disk"])
def test_row_08_an_account_that_gives_nothing_is_sick_not_its_messages(
    server: PopServer, odd_task: MakeTask, words: str
) -> None:
    fill(server, 10)
    server.on("RETR", say(f"{words}\r\n"))
    task = odd_task(server)
    done = run(task, expect_failure=True)
    assert (done.outcome, root(done.cause), task.state) == ("failed", "refused", "backoff")
    assert not PopMessage.objects.filter(attempts__gt=0).exists()
    assert server.count("QUIT") == 0


def test_row_08_an_account_that_gives_two_of_three_is_sick_too(
    user: User, server: PopServer, odd_task: MakeTask
) -> None:
    fill(server, 60)
    server.refused = {f"id{number}" for number in range(1, 61, 3)}
    done = run(odd_task(server), expect_failure=True)
    assert (done.outcome, root(done.cause)) == ("failed", "refused")
    assert done.stored > 20
    assert not PopMessage.objects.filter(attempts__gt=0).exists()


def test_row_08_one_of_six_is_still_about_single_messages(
    user: User, server: PopServer, odd_task: MakeTask
) -> None:
    fill(server, 60)
    server.refused = {f"id{number}" for number in range(1, 61, 6)}
    assert run(odd_task(server)).stored == 50
    assert PopMessage.objects.filter(attempts=1, error="cannot read it").count() == 10


def test_row_02_a_drip_counts_against_nobody(
    server: PopServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(server, 5)
    monkeypatch.setattr("protocols.pop3.retrieving.STEP", 0.2)
    server.on("RETR", drip(0.03))
    done = run(odd_task(server), expect_failure=True)
    assert (done.outcome, done.cause) == ("failed", "hung")
    assert not PopMessage.objects.filter(attempts__gt=0).exists()
    assert server.count("QUIT") == 0


@both
@pytest.mark.accept("A191")
def test_row_38_a_day_limit_keeps_what_came(
    user: User, server: PopServer, odd_task: MakeTask
) -> None:
    fill(server, 80)
    server.on("RETR 61$", say("-ERR Download exceed\r\n"), times=1)
    task = odd_task(server)
    done = run(task, expect_failure=True)
    assert (done.outcome, done.cause, done.stored) == ("waited", "over-quota", 60)
    assert task.next_at is not None
    run(task, later=25 * HOUR)
    assert len(bodies(user)) == 80
    assert server.drop == []


@pytest.mark.accept("A191")
def test_row_38_a_short_message_is_looked_at_twice_before_it_goes(
    user: User, server: PopServer, odd_task: MakeTask
) -> None:
    fill(server, 3)
    server.sizes = {"id2": 5_000}
    task = odd_task(server)
    done = run(task)
    assert (done.stored, done.removed) == (3, 2)
    assert [uidl for uidl, _ in server.drop] == ["id2"]
    server.drop = [("id2", letter(2, body="x" * 5_000))]
    server.sizes = {}
    done = run(task, later=HOUR)
    assert (done.stored, done.removed) == (1, 1)
    assert len(bodies(user)) == 4


@pytest.mark.parametrize("told", [0, 1, 300, 900_000])
def test_row_05_the_listed_size_is_a_hint(
    user: User, server: PopServer, odd_task: MakeTask, told: int
) -> None:
    sent = fill(server, 8)
    server.sizes = {f"id{number}": told for number in range(1, 9)}
    task = odd_task(server)
    run(task)
    run(task, later=HOUR)
    assert bodies(user) == sent
    assert server.drop == []


@pytest.mark.accept("A191", "A192")
def test_a_server_that_forgets_what_was_fetched_loses_nothing(
    user: User, server: PopServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = fill(server, 120)
    server.forgets = True
    store, calls = Session.store, []

    def failing(self: Session, *args: object, **kwargs: object) -> list[Message]:
        calls.append(args)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return store(self, *args, **kwargs)  # type: ignore[arg-type]  # passed on as given

    monkeypatch.setattr(Session, "store", failing)
    task = odd_task(server, leave_on_server=True)
    assert run(task, expect_failure=True).cause == "storage"
    assert len(server.drop) == 120
    run(task)
    assert bodies(user) == sent


@pytest.mark.parametrize("window", [7, 40])
def test_a_listing_may_be_a_window(
    user: User, server: PopServer, odd_task: MakeTask, window: int
) -> None:
    sent = fill(server, 100)
    server.window = window
    done = run(odd_task(server))
    assert (done.outcome, done.removed, bodies(user)) == ("ok", 100, sent)


def test_a_server_that_counts_sign_ins_is_asked_once(
    user: User, server: PopServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull_pop, "SESSION_MESSAGES", 10)
    server.capabilities = "TOP,UIDL,PIPELINING,LOGIN-DELAY 900"
    sent = fill(server, 60)
    done = run(odd_task(server))
    assert (done.outcome, done.stored, done.removed, len(server.talks)) == ("ok", 60, 60, 1)
    assert bodies(user) == sent


@pytest.mark.parametrize(("most", "sessions"), [(100, 1), (25, 3)])
def test_where_mail_stays_a_session_goes_on(
    user: User,
    server: PopServer,
    odd_task: MakeTask,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    sessions: int,
) -> None:
    """A large maildrop is not listed again for every part of it."""
    monkeypatch.setattr(pull_pop, "SESSION_MESSAGES", 10)
    monkeypatch.setattr(pull_pop, "SESSION_KEPT", most)
    sent = fill(server, 60)
    done = run(odd_task(server, leave_on_server=True))
    assert (done.outcome, done.stored, len(server.talks)) == ("ok", 60, sessions)
    assert server.count("^UIDL") == sessions
    assert bodies(user) == sent


def test_the_end_of_a_slice_is_no_end_of_a_maildrop_without_ids(
    user: User, server: PopServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = fill(server, 700)
    server.knows_uidl = False
    store = Session.store

    def storing(self: Session, *args: object, **kwargs: object) -> list[Message]:
        self.stop_at = 0.0
        return store(self, *args, **kwargs)  # type: ignore[arg-type]  # passed on as given

    monkeypatch.setattr(Session, "store", storing)
    task = odd_task(server, leave_on_server=True)
    assert 50 <= run(task).stored < 700
    assert task.first_pass_done_at is None
    monkeypatch.undo()
    run(task)
    assert (bodies(user), len(server.drop)) == (sent, 700)


@both
@pytest.mark.parametrize("oddity", ["", "no ids", "sign-ins are counted"])
def test_the_end_of_a_slice_ends_the_session_in_good_order(
    user: User,
    server: PopServer,
    odd_task: MakeTask,
    monkeypatch: pytest.MonkeyPatch,
    oddity: str,
) -> None:
    sent = fill(server, 700)
    server.knows_uidl = oddity != "no ids"
    server.capabilities += ",LOGIN-DELAY 900" if "sign-ins" in oddity else ""
    store = Session.store

    def storing(self: Session, *args: object, **kwargs: object) -> list[Message]:
        self.stop_at = 0.0
        return store(self, *args, **kwargs)  # type: ignore[arg-type]  # passed on as given

    monkeypatch.setattr(Session, "store", storing)
    task = odd_task(server)
    done = run(task)
    assert done.outcome == "ok"
    assert 50 <= done.stored < 700
    assert done.removed == done.stored == 700 - len(server.drop)
    assert task.first_pass_done_at is None
    monkeypatch.undo()
    run(task)
    assert bodies(user) == sent


def test_row_15_the_budget_of_a_day(
    user: User, server: PopServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = fill(server, 700)
    sparing = profiles.Profile("127.0.0.1", day_bytes=20_000)
    monkeypatch.setattr("retrieval.services.session.profile_of", lambda _host, **_pop: sparing)
    task = odd_task(server)
    done = run(task, expect_failure=True)
    assert (done.outcome, done.cause) == ("waited", "daily-budget")
    assert 0 < done.stored < 700
    assert done.removed > 0
    connections = len(server.talks)
    assert run(task, expect_failure=True).stored == 0
    assert len(server.talks) == connections
    for day in range(1, 12):
        run(task, later=day * 24 * HOUR, expect_failure=True)
    assert bodies(user) == sent
    assert server.drop == []


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Storing a message with "poison" in it ends the worker."""
    store = Session.store

    def storing(self: Session, fetched: list[Fetched], **kwargs: object) -> list[Message]:
        if any(b"poison" in one.body.read() for one in fetched):
            raise KeyboardInterrupt
        return store(self, fetched, **kwargs)  # type: ignore[arg-type]  # passed on as given

    monkeypatch.setattr(Session, "store", storing)


@both
@pytest.mark.usefixtures("deadly")
def test_a_message_that_kills_its_worker_is_set_aside(
    user: User, server: PopServer, odd_task: MakeTask
) -> None:
    sent = fill(server, 30)
    server.drop.insert(10, ("bad", letter(99, body="poison")))
    task = odd_task(server)
    deaths = 0
    for _ in range(8):
        try:
            run(task)
        except KeyboardInterrupt:
            deaths += 1
            RetrievalTask.objects.filter(pk=task.pk).update(lease_until=None)
    assert deaths == 4
    assert bodies(user) == sent
    assert PopMessage.objects.get(task=task, key="bad").state == "quarantined"
    assert [uidl for uidl, _ in server.drop] == ["bad"]


def test_a_lost_connection_while_listing_is_the_accounts_trouble(
    server: PopServer, odd_task: MakeTask
) -> None:
    fill(server, 3)
    server.on("LIST", drop())
    task = odd_task(server)
    assert run(task, expect_failure=True).cause == "dropped"
    assert RetrievalRun.objects.filter(task=task).count() == 1
