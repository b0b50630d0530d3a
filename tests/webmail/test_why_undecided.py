"""Why is it here? Of messages nothing was decided about: what is known of them, and no more."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connectivity.models import Feature
from connectivity.services import features
from filtering.models import Decision, SpamPolicy
from filtering.screen import Screen
from filtering.services.deliver import Incoming, deliver
from filtering.services.importing import import_paths
from mailstore.models import Folder, Message
from mailstore.services import folders, messages, snoozing
from protocols.body import Body
from retrieval.models import RemoteFolder, RemoteMessage, RetrievalTask
from retrieval.services import accounts as retrieval_accounts
from retrieval.services import origin
from smtp_accounts.models import OutboxMessage
from tests.retrieval.conftest import Remote, make_task, remote, run
from tests.retrieval.conftest import letter as numbered
from tests.webmail import test_came_back
from tests.webmail.happened import failing_task
from tests.webmail.samples import letter, put

__all__ = ["make_task", "remote"]
pytestmark = pytest.mark.django_db
copy = test_came_back.copy
MakeTask = Callable[..., RetrievalTask]

FIRST = "It came when mail was fetched from there for the first time. Filters and the search"
UNTOUCHED = "When this message came in, no filter handled it and nothing judged it as junk."
MOVED = "This message was moved since, or came before that was set."
REMEDY = "A filter can sort such mail from now on, and what is here already. Filter messages like"


def told(browser: Client, message: Message) -> list[str]:
    """The lines that unfold."""
    answer = browser.get(reverse("mail-why", args=[message.pk]), headers={"X-Part": "why"})
    assert answer.status_code == 200
    lines = re.findall(r"<li[^>]*>(.*?)</li>", answer.content.decode())
    return [unescape(re.sub(r"<[^>]+>", "", one)).strip() for one in lines]


def part(browser: Client, message: Message) -> str:
    address = reverse("mail-why", args=[message.pk])
    return browser.get(address, headers={"X-Part": "why"}).content.decode()


def only(subject: str) -> Message:
    return Message.objects.get(subject=subject)


def test_a_message_asks_and_a_page_answers(browser_client: Client, inbox: Folder) -> None:
    plain = put(inbox, letter("Plain"), at=timezone.now())
    address = reverse("mail-why", args=[plain.pk])
    page = browser_client.get(reverse("mail-message", args=[plain.pk])).content.decode()
    assert f'href="{address}" data-why' in page
    # Nothing about it stands there before anybody asks, and no sentence about nothing.
    assert "Nothing decided" not in page
    whole = browser_client.get(address).content.decode()
    assert "<h2" in whole
    assert "Nothing decided about it: it lies where it came in, or where it was put." in whole
    assert "details open" in part(browser_client, plain)
    assert told(browser_client, plain)[-1].startswith(REMEDY)
    assert f"{reverse('filters-new')}?id={plain.pk}" in whole


def test_what_was_decided_is_told_there_too(browser_client: Client, inbox: Folder) -> None:
    body = Body.of(letter("Judged"))
    judged = deliver([Incoming(body, inbox, screen=Screen.ALL)], now=timezone.now())[0]
    assert Decision.objects.filter(message=judged).exists()
    assert "Spam score: " in told(browser_client, judged)[0]
    page = browser_client.get(reverse("mail-message", args=[judged.pk])).content.decode()
    assert "data-why" not in page
    assert "why-here--quiet" in page


def test_mail_of_an_imap_account(
    user: User, browser_client: Client, remote: Remote, make_task: MakeTask, inbox: Folder
) -> None:
    """From its first pass to the day it is gone."""
    remote.put(numbered(1, subject="Old"))
    remote.put(numbered(2, subject="Old bill"), "Bills")
    task = make_task()
    run(task)
    edit = reverse("retrieval-edit", args=[task.pk])
    lines = told(browser_client, only("Old"))
    assert lines[0] == "It came from the folder “INBOX” of the account “Remote”."
    assert lines[1] == "What comes from there goes to “Inbox”. Change this"
    assert lines[2].startswith(FIRST)
    assert lines[3].startswith("A filter can be tried on and applied to mail that is here.")
    assert len(lines) == 4
    # What comes from now on: filtering is off, and is looked at in one folder only.
    for number, (subject, folder) in enumerate([("New", "INBOX"), ("Bill", "Bills")], start=3):
        remote.put(numbered(number, subject=subject), folder, date=timezone.now())
    run(task, later=timedelta(hours=1))
    new, bill = only("New"), only("Bill")
    lines = told(browser_client, new)
    assert lines[2] == ("Spam and content filtering is off for the account “Remote”. Switch it on")
    assert f'href="{edit}#id_filter_enabled"' in part(browser_client, new)
    assert lines[3].startswith(REMEDY)
    lines = told(browser_client, bill)
    assert lines[0] == "It came from the folder “Bills” of the account “Remote”."
    assert lines[1] == "What comes from there goes to “Bills”. Change this"
    assert lines[2] == "Of an account, filters and the search for junk look at its Inbox alone."
    # Moved on, and put off.
    messages.move(user, [new.pk], bill.folder)
    assert told(browser_client, new)[1] == (
        f"What comes from there goes to “Inbox”. {MOVED} Change this"
    )
    messages.move(user, [new.pk], inbox)
    tomorrow = timezone.now() + timedelta(days=1)
    snoozing.snooze(user, [new.pk], until=tomorrow, now=timezone.now())
    lines = told(browser_client, new)
    assert lines[0].startswith("You put it off.")
    assert lines[2] == "What comes from there goes to “Inbox”. Change this"
    # Who may not change accounts is led to none.
    features.set_switch(user.domain, Feature.RETRIEVAL, False)
    assert edit not in part(browser_client, new)
    assert "is off for the account “Remote”." in "".join(told(browser_client, new))
    features.set_switch(user.domain, Feature.RETRIEVAL, True)
    # Switched on since.
    RetrievalTask.objects.update(filter_enabled=True)
    lines = told(browser_client, new)[3:]
    assert lines[0] == "Spam and content filtering is on for the account “Remote” now."
    assert lines[1] == UNTOUCHED
    assert lines[2].startswith(REMEDY)
    SpamPolicy.objects.create(user=user, is_on=False)
    assert "Junk mail is not looked for at the moment. Change this" in told(browser_client, new)
    assert f'{reverse("settings-junk")}#id_is_on"' in part(browser_client, new)
    settings = browser_client.get(reverse("settings-junk")).content.decode()
    assert 'id="id_is_on"' in settings
    assert 'id="id_filter_enabled"' in browser_client.get(edit).content.decode()
    # Gone: its name is all that is left.
    retrieval_accounts.delete(task=RetrievalTask.objects.get())
    lines = told(browser_client, bill)
    assert lines[0] == "It came through the account “Remote”, which is not fetched here any more."
    assert len(lines) == 2
    assert told(browser_client, only("Old bill"))[1].startswith(FIRST)


def test_mail_of_a_pop_account(
    user: User, browser_client: Client, remote: Remote, make_task: MakeTask
) -> None:
    remote.put(numbered(1))
    bills = folders.ensure_path(user, ["Bills"])
    task = make_task("pop", leave_on_server=True, destination=bills)
    run(task)
    remote.put(numbered(2, subject="New"))
    run(task, later=timedelta(hours=1))
    new = only("New")
    assert told(browser_client, new)[:3] == [
        "It came through the account “Remote”.",
        "What comes from there goes to “Bills”. Change this",
        "Spam and content filtering is off for the account “Remote”. Switch it on",
    ]
    RetrievalTask.objects.update(destination=None)
    assert told(browser_client, new)[1].startswith(
        f"What comes from there goes to “Inbox”. {MOVED}"
    )


def test_the_folder_it_was_fetched_from_is_told_and_not_one_that_shows_everything(
    user: User, inbox: Folder
) -> None:
    task = failing_task(user)
    message = put(inbox, letter("Once"), at=timezone.now(), source=task.source)
    everything = RemoteFolder.objects.create(task=task, raw_name=b"All", name="All", role="all")
    first = RemoteFolder.objects.create(
        task=task, raw_name=b"INBOX", name="INBOX", role="inbox", local=inbox
    )
    for folder, state in ((everything, "linked"), (first, "stored")):
        RemoteMessage.objects.create(
            folder=folder, generation=1, uid=1, state=state, message=message
        )
    found = origin.of(message)
    assert found is not None
    assert (found.folder, found.is_inbox, found.local) == ("INBOX", True, inbox)


def test_nothing_of_anybody_else_is_told(
    user: User,
    other_user: User,
    client_for: Callable[[User], Client],
    inbox: Folder,
) -> None:
    """Not even where rows stood for each other that never should."""
    theirs = failing_task(other_user)
    theirs.source.name = "Their secret"
    theirs.source.save()
    message = put(inbox, letter("Odd"), at=timezone.now(), source=failing_task(user).source)
    box = RemoteFolder.objects.create(task=theirs, raw_name=b"X", name="Their folder")
    RemoteMessage.objects.create(folder=box, generation=1, uid=1, state="stored", message=message)
    page = part(client_for(user), message)
    assert "Their" not in page
    Message.objects.filter(pk=message.pk).update(source=theirs.source)
    message.refresh_from_db()
    assert origin.of(message) is None
    for headers in ({}, {"X-Part": "why"}):
        address = reverse("mail-why", args=[message.pk])
        assert client_for(other_user).get(address, headers=headers).status_code == 404


def test_what_was_sent_from_here(user: User, browser_client: Client, copy: Message) -> None:
    page = browser_client.get(reverse("mail-message", args=[copy.pk])).content.decode()
    assert "data-why" in page
    outbox = OutboxMessage.objects.get(sent_copy=copy)
    assert outbox.identity is not None
    assert told(browser_client, copy) == [
        "You sent it from here. This is the copy that was kept.",
        "Copies of what you send as mara@provider.test go to “Sent”. Change this",
    ]
    assert reverse("identity-edit", args=[outbox.identity.pk]) in part(browser_client, copy)
    messages.move(user, [copy.pk], folders.special(user, "archive"))
    assert told(browser_client, copy)[1].endswith(f"go to “Sent”. {MOVED} Change this")


def test_mail_between_people_of_this_server(
    user: User, other_user: User, browser_client: Client, inbox: Folder, copy: Message
) -> None:
    SpamPolicy.objects.create(user=user, is_on=False)
    body = Body.of(letter("Lunch", sender=f"Rob <{other_user.email}>"))
    mail = deliver([Incoming(body, inbox, screen=Screen.ALL)], now=timezone.now())[0]
    OutboxMessage.objects.filter(sent_copy=copy).update(
        user=other_user, message_id=mail.message_id, sent_copy=None
    )
    lines = told(browser_client, mail)
    assert lines[:3] == [
        "It was sent from this server and delivered here directly.",
        "Such mail goes to the Inbox.",
        UNTOUCHED,
    ]
    assert lines[3] == "Junk mail is not looked for at the moment. Change this"
    messages.move(user, [mail.pk], folders.special(user, "archive"))
    assert told(browser_client, mail)[1].endswith("Inbox. This message was moved since.")


def test_what_was_imported(
    user: User, browser_client: Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("import") / "old.eml"
    file.write_bytes(letter("Long ago"))
    import_paths(user, [file], folder=None, now=timezone.now(), limit=10_000)
    lines = told(browser_client, only("Long ago"))
    assert lines[0] == "It was imported. Filters and the search for junk leave such mail alone."
    assert lines[1].startswith("A filter can be tried on and applied to mail that is here.")
    assert len(lines) == 2
