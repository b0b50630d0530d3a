"""Why a message was not imported: each verdict on a real server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from connectivity.models import ConnectionTrial
from mailstore.models import Message
from mailstore.services import folders, messages
from retrieval.models import PopMessage, RemoteFolder, RemoteMessage, RetrievalTask
from retrieval.services import why
from retrieval.services.why import Answer
from tests.retrieval.conftest import Remote, letter, run
from tests.retrieval.pages import Page, url
from tests.servers.acts import say
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer
from tests.servers.pop import PopServer

MakeTask = Callable[..., RetrievalTask]
LEASE = letter(7, subject="The lease")


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


def there(user: User, task: RetrievalTask, text: str = "lease") -> Answer:
    task.refresh_from_db()
    wanted = why.sought(text, None)
    return why.on_server(user=user, task=task, wanted=wanted, clock=timezone.now)


def only(user: User, task: RetrievalTask, text: str = "lease") -> str:
    """The one verdict on the server's message."""
    answer = there(user, task, text)
    assert answer.problem is None, answer.problem
    assert len(answer.items) == 1, answer.items
    return answer.items[0].verdict.words


def test_stored_is_told_with_its_place(user: User, remote: Remote, make_task: MakeTask) -> None:
    remote.put(LEASE)
    task = make_task()
    run(task)
    answer = there(user, task)
    item = answer.items[0]
    assert (item.subject, item.place, item.verdict.kind) == ("The lease", "INBOX", "here")
    assert item.verdict.words == "It is here, in Inbox."
    assert item.verdict.message == Message.objects.get().pk
    assert answer.looked == answer.total > 1


def test_moved_and_deleted_here_is_told(user: User, remote: Remote, make_task: MakeTask) -> None:
    remote.put(LEASE)
    task = make_task()
    run(task)
    ids = [Message.objects.get().pk]
    messages.move(user, ids, folders.ensure_path(user, ["House"]))
    assert only(user, task) == "It was stored here, and is in House now."
    messages.remove(user, ids)
    assert "has been deleted here since" in only(user, task)
    assert run(task).stored == 0


def test_not_seen_yet_comes_with_the_next_run(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.fill([1])
    task = make_task()
    run(task)
    remote.put(LEASE)
    remote.put(letter(8, subject="The lease, too"), "Contracts")
    words = [item.verdict.words for item in there(user, task).items]
    assert words[0].startswith("Not seen yet. It comes with the next run, at ")
    assert words[1].startswith("The folder was not there when the last run looked.")
    assert run(task).stored == 2
    assert {item.verdict.kind for item in there(user, task).items} == {"here"}


def test_paused_tasks_promise_no_run(user: User, remote: Remote, make_task: MakeTask) -> None:
    remote.put(LEASE)
    task = make_task(state="paused", next_at=None)
    assert only(user, task).endswith("It comes when the task runs again.")
    RetrievalTask.objects.update(state="ok", method="manual")
    assert only(user, task).endswith("It comes when you choose Retrieve Messages Now.")


def test_too_large_and_set_aside_say_so(
    user: User, remote: Remote, make_task: MakeTask, settings: Settings
) -> None:
    settings.MAX_MESSAGE_SIZE = 2000
    remote.put(letter(7, subject="The lease", body="x" * 3000))
    task = make_task()
    run(task)
    assert "larger than 2.0\xa0KB, the most that is fetched here" in only(user, task)
    row = RemoteMessage.objects.get()
    settings.MAX_MESSAGE_SIZE = 10_000
    item = there(user, task).items[0]
    assert (item.verdict.kind, item.verdict.retry) == ("aside", row.pk)
    row.state, row.error = "quarantined", "The server would not hand out this message."
    row.save()
    verdict = there(user, task).items[0].verdict
    assert verdict.words == "Set aside. The server would not hand out this message."
    assert verdict.retry == row.pk


def test_marked_as_deleted_and_the_same_content_are_told(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.put(LEASE, flags=["\\Deleted"])
    task = make_task()
    run(task)
    assert "it was marked as deleted on the server" in only(user, task)
    remote.put(letter(9, subject="Two places"))
    run(task)
    row = RemoteMessage.objects.get(state="stored")
    row.state = "linked"
    row.save()
    words = only(user, task, "Two places")
    assert words == "It is the same as one that is here already, in Inbox."


def test_waiting_for_another_try_tells_when(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.put(LEASE)
    task = make_task()
    run(task)
    RemoteMessage.objects.update(
        state="pending", message=None, attempts=1, next_try_at=timezone.now() + timedelta(hours=2)
    )
    verdict = there(user, task).items[0].verdict
    assert "The server did not hand it out completely. It is tried again at " in verdict.words
    assert (verdict.kind, verdict.retry) == ("waits", RemoteMessage.objects.get().pk)


def test_below_the_watermark_is_admitted(user: User, remote: Remote, make_task: MakeTask) -> None:
    remote.put(LEASE)
    task = make_task()
    run(task)
    RemoteMessage.objects.all().delete()
    assert "did not list it when this part of the folder was read" in only(user, task)


def test_left_out_and_new_numbers_are_told(user: User, remote: Remote, make_task: MakeTask) -> None:
    remote.put(LEASE)
    task = make_task()
    run(task)
    RemoteMessage.objects.all().delete()
    inbox = RemoteFolder.objects.filter(name="INBOX")
    inbox.update(state="parked", parked_until=timezone.now() + timedelta(hours=3))
    assert "did not open this folder several times" in only(user, task)
    inbox.update(state="active", uidvalidity=1)
    assert "given the messages of this folder new numbers" in only(user, task)


def test_searching_counts_as_a_test_and_changes_nothing_there(
    user: User, remote: Remote, make_task: MakeTask, settings: Settings
) -> None:
    settings.CONNECTIVITY_TESTS_PER_HOUR = 2
    remote.put(LEASE)
    task = make_task("pop", leave_on_server=True)
    imap = make_task()
    assert there(user, imap).problem is None
    assert there(user, task).problem is None
    assert ConnectionTrial.objects.filter(user=user).count() == 2
    problem = there(user, imap).problem
    assert problem is not None
    assert problem.cause == "too-many-tests"
    assert len(remote.read()) == 1


def test_a_refused_sign_in_is_told(user: User, remote: Remote, make_task: MakeTask) -> None:
    task = make_task()
    remote.server.add_user(remote.name, "changed there")
    problem = there(user, task).problem
    assert problem is not None
    assert problem.cause == "login-refused"


def test_the_guard_holds_here_too(
    user: User, remote: Remote, make_task: MakeTask, settings: Settings
) -> None:
    settings.CONNECTIVITY_ALLOWED_NETWORKS = []
    problem = there(user, make_task()).problem
    assert problem is not None
    assert problem.cause == "address-refused"


def test_a_server_that_cannot_search_is_looked_through(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.boxes["INBOX"] = Box(
        {number: letter(number) for number in range(1, 5)} | {9: LEASE}
    )
    task = odd_task(imap_server)
    run(task)
    answer = there(user, task)
    assert (answer.problem, answer.skipped, answer.looked) == (None, 0, 1)
    assert [item.verdict.words for item in answer.items] == ["It is here, in Inbox."]
    imap_server.boxes["INBOX"].messages[10] = letter(10, subject="Lease, again")
    assert [item.verdict.kind for item in there(user, task).items] == ["waits", "here"]


def test_what_was_found_before_the_connection_broke_is_kept(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.boxes |= {"INBOX": Box({9: LEASE}), "Work": Box({3: LEASE})}
    task = odd_task(imap_server)
    run(task)
    imap_server.instead = lambda line: (
        "* BYE enough\r\n" if line.startswith('EXAMINE "Work"') else None
    )
    answer = there(user, task)
    assert answer.problem is not None
    assert (answer.looked, answer.total, len(answer.items)) == (1, 2, 1)


# ---- POP


def test_pop_verdicts(user: User, remote: Remote, make_task: MakeTask, settings: Settings) -> None:
    settings.MAX_MESSAGE_SIZE = 2000
    remote.put(letter(1, subject="The lease"))
    remote.put(letter(2, subject="The lease, large", body="x" * 3000))
    remote.fill(range(10, 14))
    task = make_task("pop", leave_on_server=True)
    run(task)
    remote.put(letter(3, subject="The lease, new"))
    answer = there(user, task)
    told = {item.subject: item.verdict for item in answer.items}
    assert (answer.looked, answer.total) == (7, 7)
    assert told["The lease"].words == "It is here, in Inbox."
    assert told["The lease, large"].kind == "aside"
    assert told["The lease, new"].words.startswith("Not seen yet.")
    PopMessage.objects.filter(state="too-big").update(state="quarantined")
    assert there(user, task, "large").items[0].verdict.retry is not None
    messages.remove(user, [Message.objects.get(subject="The lease").pk])
    gone = [item for item in there(user, task).items if item.subject == "The lease"]
    assert "has been deleted here since" in gone[0].verdict.words


def test_a_server_without_top_says_what_was_not_read(
    web: Client, user: User, pop_server: PopServer, odd_task: MakeTask
) -> None:
    pop_server.drop = [("a", letter(1)), ("b", letter(2))]
    pop_server.on("^TOP", say("-ERR unknown\r\n"))
    text = Page(web.post(url("why", odd_task(pop_server)), {"q": "lease"})).text
    assert "2 could not be searched." in text


def test_a_maildrop_in_use_is_left_alone(user: User, remote: Remote, make_task: MakeTask) -> None:
    task = make_task("pop", lease_until=timezone.now() + timedelta(minutes=1))
    problem = there(user, task).problem
    assert problem is not None
    assert problem.cause == "in-use"
    assert not ConnectionTrial.objects.exists()


# ---- what is known here, and the page


def test_the_ledger_is_searched_without_asking_the_server(
    web: Client, user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.put(LEASE)
    remote.put(letter(8, subject="Something else"))
    task = make_task()
    run(task)
    remote.server.add_user(remote.name, "changed there")
    for text in ("lease", "jonas@harbourline", "<7@harbourline.test>"):
        page = Page(web.get(url("why", task), {"q": text}))
        assert "The lease" in page.text, text
        assert "It is here, in Inbox." in page.text
    assert "Something else" not in Page(web.get(url("why", task), {"q": "lease"})).text
    assert "Something else" in Page(web.get(url("why", task), {"day": "2026-11-16"})).text
    none = Page(web.get(url("why", task), {"q": "nowhere"})).text
    assert "No message of this account here matches." in none
    assert not ConnectionTrial.objects.exists()


def test_a_message_deleted_here_is_found_by_its_day(
    web: Client, user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.put(LEASE)
    task = make_task()
    run(task)
    messages.remove(user, [Message.objects.get().pk])
    page = Page(web.get(url("why", task), {"day": "2026-11-15"}))
    assert "has been deleted here since" in page.text
    by_id = Page(web.get(url("why", task), {"q": "<7@harbourline.test>"}))
    assert "has been deleted here since" in by_id.text
    assert "has been deleted" not in Page(web.get(url("why", task), {"day": "2026-11-01"})).text
    RemoteMessage.objects.update(state="vanished")
    gone = Page(web.get(url("why", task), {"day": "2026-11-15"})).text
    assert "it was gone from the server before its turn came" in gone


def test_the_page_asks_the_server_when_told_to(
    web: Client, user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.put(LEASE)
    task = make_task()
    answer = web.post(url("why", task), {"q": "lease", "day": ""})
    page = Page(answer)
    assert answer.status_code == 200
    assert "Not seen yet." in page.text
    assert "folders were searched." in page.text
    part = web.post(url("why", task), {"q": "lease"}, headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<div class="stack stack--5" id="why"')
    remote.server.add_user(remote.name, "changed there")
    failed = web.post(url("why", task), {"q": "lease"})
    assert failed.status_code == 422
    assert "did not accept this username and password" in Page(failed).text


def test_odd_questions_are_answered_without_the_server(web: Client, make_task: MakeTask) -> None:
    task = make_task()
    for asked in ({"q": ""}, {"q": "\x00\x01"}, {"q": "x" * 300}, {"q": "a", "day": "yesterday"}):
        for method in (web.get, web.post):
            assert method(url("why", task), asked).status_code == 422, asked
    assert web.get(url("why", task)).status_code == 200
    assert not ConnectionTrial.objects.exists()


def test_other_peoples_mail_is_never_searched(
    web: Client, user: User, other_user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.put(LEASE)
    task = make_task()
    run(task)
    Message.objects.update(user=other_user)
    assert "It is here" not in Page(web.get(url("why", task), {"q": "lease"})).text
