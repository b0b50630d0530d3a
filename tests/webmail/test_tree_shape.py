"""What stands in the folder pane, told to every page that shows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from mailstore.models import Folder, FolderRole, SavedSearch
from mailstore.services import clearing, folders, labels, messages, reminding, saved
from mailstore.services.clearing import Gone
from tests.webmail.samples import letter, put
from webmail import screen

Act = Callable[[], object]


def told(client: Client) -> str:
    """The shape that pages hear of; the pane as it is drawn has the same."""
    news = client.get("/mail/news/?version=0").json()
    drawn = re.search(r'data-shape="(\w+)"', client.get("/mail/tree/").content.decode())
    assert drawn is not None
    assert drawn[1] == news["tree"]
    return str(news["tree"])


def changes(user: User, inbox: Folder) -> Iterator[tuple[str, Act]]:
    """Everything that changes a line of the pane, one after the other."""
    message = put(inbox, letter("asked"), at=timezone.now())
    yield "make", lambda: folders.create(user, parent=None, name="Own")
    own = Folder.objects.get(user=user, name="Own")
    archive = folders.special(user, FolderRole.ARCHIVE)
    yield "rename", lambda: folders.rename(own, "Mine")
    yield "move", lambda: folders.move(own, archive)
    yield "colour", lambda: folders.look(own, color=3)
    yield "pin", lambda: folders.look(own, is_favourite=True)
    yield "hide", lambda: folders.look(own, is_hidden=True)
    gone: list[Gone] = []
    yield "delete", lambda: gone.extend(clearing.delete(own))
    yield "have again", lambda: clearing.restore(user, gone)
    yield "label", lambda: labels.create(user, "Later")
    label = labels.everyone(user)[0]
    yield "name it", lambda: labels.change(label, name="Sooner", color=label.color)
    yield "unmake it", lambda: labels.delete(label)
    yield "save", lambda: saved.save(user, name="New", query="is:unread")
    search = SavedSearch.objects.get()
    yield "rename it", lambda: saved.rename(search, "Unread")
    yield "forget", lambda: saved.delete(search)
    yield "restore", lambda: saved.restore(user, name="Unread", query="is:unread")
    now = timezone.now()
    at = now + timedelta(days=1)
    ids = [message.pk]
    yield "remind", lambda: reminding.remind(user, ids, at, only_unanswered=False, now=now)
    yield "remind not", lambda: reminding.cancel(user, ids)


def test_pages_hear_of_every_change_to_the_pane(
    browser_client: Client,
    user: User,
    inbox: Folder,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for name, change in changes(user, inbox):
        shape, version = told(browser_client), screen.version(user)
        with django_capture_on_commit_callbacks() as callbacks:
            change()
        heard = [one.args for one in callbacks if isinstance(one, partial)]
        assert (user.pk,) in heard, name
        assert screen.version(user) != version, name
        assert told(browser_client) != shape, name


def test_numbers_alone_draw_nothing_anew(browser_client: Client, user: User, inbox: Folder) -> None:
    shape = told(browser_client)
    message = put(inbox, letter("new"), at=timezone.now())
    messages.set_flags(user, [message.pk], flagged=True)
    assert told(browser_client) == shape


@pytest.mark.parametrize("place", ["", "label-"])
def test_a_place_that_is_gone_is_told_as_such(
    browser_client: Client, user: User, place: str
) -> None:
    """Open pages then go elsewhere instead of showing what is not there."""
    made = labels.create(user, "Gone") if place else folders.create(user, parent=None, name="Gone")
    address = f"/mail/news/?version=0&in={place}{made.pk}"
    assert browser_client.get(address).status_code == 200
    made.delete()
    assert browser_client.get(address).status_code == 404


def test_reminders_stand_in_the_pane_while_there_are_any(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    message = put(inbox, letter("asked"), at=timezone.now())
    assert 'href="/mail/reminders/"' not in browser_client.get("/mail/tree/").content.decode()
    now = timezone.now()
    reminding.remind(user, [message.pk], now + timedelta(1), only_unanswered=False, now=now)
    page = browser_client.get("/mail/tree/").content.decode()
    line = page[page.index('href="/mail/reminders/"') :].partition("</a>")[0]
    assert line.endswith('<span>Reminders</span><span class="count">1</span>')


def test_numbers_of_what_is_not_unread_are_never_bold(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    drafts = folders.special(user, FolderRole.DRAFTS)
    for folder in (drafts, inbox):
        put(folder, letter("a"), at=timezone.now())
    page = browser_client.get("/mail/tree/").content.decode()
    assert f'class="count" data-count="{drafts.pk}" data-plain>1<' in page
    assert f'class="count count--strong" data-count="{inbox.pk}">1<' in page
