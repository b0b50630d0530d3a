"""A conversation in the reading pane: what is open, what is a line, what is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from mailstore.models import Folder, FolderRole, Message, Thread
from mailstore.services import folders
from smtp_accounts.models import Draft
from smtp_accounts.services import identities
from tests.mailstore.threads import naming
from tests.webmail.samples import SEEN, put
from webmail import conversation
from webmail.place import Place
from webmail.scope import widen

NOW = timezone.now()
NONE: frozenset[str] = frozenset()


def come(
    folder: Folder, own: str, *named: str, ago: int, flags: frozenset[str] = SEEN, **more: str
) -> Message:
    """File a message that came so many minutes ago."""
    moment = NOW - timedelta(minutes=ago)
    row = put(folder, naming(own, *named, **more), at=moment, flags=flags)
    return Message.objects.select_related("folder").get(pk=row.pk)


@pytest.fixture
def sent(user: User) -> Folder:
    return folders.special(user, FolderRole.SENT)


@pytest.fixture
def talk(inbox: Folder, sent: Folder) -> list[Message]:
    """Asked, answered by the reader, two unread answers."""
    return [
        come(inbox, "a", ago=50),
        come(sent, "b", "a", ago=40, sender="Mara Lind <mara@example.test>"),
        come(inbox, "c", "a", "b", ago=30, flags=NONE, sender="Bo <bo@x.test>"),
        come(inbox, "d", "a", "c", ago=20, flags=NONE),
    ]


def pane(client: Client, message: Message, query: str = "", **headers: str) -> str:
    address = reverse("mail-message", args=[message.pk]) + query
    return client.get(address, headers={"X-Part": "read", **headers}).content.decode()


def letters(page: str) -> list[tuple[int, bool]]:
    """Each message in the pane and whether it is open."""
    found = re.findall(r'data-letter="(\d+)"( data-closed)?', page)
    return [(int(pk), not closed) for pk, closed in found]


def test_the_newest_and_the_unread_are_open(browser_client: Client, talk: list[Message]) -> None:
    page = pane(browser_client, talk[3])
    a, b, c, d = (one.pk for one in talk)
    assert letters(page) == [(a, False), (b, False), (c, True), (d, True)]
    assert not Message.objects.filter(is_seen=False).exists()
    assert '<b dir="auto">Me</b>' in page
    assert f"?reply={d}" in page.partition("pane__bar")[2].partition("</article>")[0]
    assert letters(pane(browser_client, talk[3]))[2:] == [(c, False), (d, True)]


def test_one_that_is_asked_for_is_open_too(browser_client: Client, talk: list[Message]) -> None:
    Message.objects.update(is_seen=True)
    page = browser_client.get(reverse("mail-message", args=[talk[0].pk])).content.decode()
    assert [is_open for _pk, is_open in letters(page)] == [True, False, False, True]


def test_fetched_ahead_nothing_is_read(browser_client: Client, talk: list[Message]) -> None:
    page = pane(browser_client, talk[3], **{"X-Prefetch": "1"})
    browser_client.head(reverse("mail-message", args=[talk[3].pk]))
    assert len(letters(page)) == 4
    assert Message.objects.filter(is_seen=False).count() == 2


def test_one_message_of_it_by_itself(browser_client: Client, talk: list[Message]) -> None:
    Message.objects.filter(pk=talk[0].pk).update(is_seen=False)
    page = pane(browser_client, talk[0], **{"X-Part": "letter"})
    assert letters(page) == [(talk[0].pk, True)]
    assert "<html" not in page
    assert "pane__bar" not in page
    assert re.findall(r'name="id" value="(\d+)"', page) == [str(one.pk) for one in talk]
    assert Message.objects.get(pk=talk[0].pk).is_seen


def test_of_many_unread_some_stay_lines_and_unread(browser_client: Client, inbox: Folder) -> None:
    rows = [come(inbox, f"{at}", "r", ago=90 - at, flags=NONE) for at in range(14)]
    page = pane(browser_client, rows[-1])
    assert [is_open for _pk, is_open in letters(page)] == [False] * 4 + [
        True
    ] * conversation.MAX_OPEN
    assert Message.objects.filter(is_seen=False).count() == 4
    assert page.count("letter--unread") == 4


def test_thrown_mail_is_read_alone(browser_client: Client, talk: list[Message], user: User) -> None:
    junk = come(folders.special(user, FolderRole.JUNK), "j", "a", ago=10)
    assert junk.pk not in dict(letters(pane(browser_client, talk[3])))
    assert letters(pane(browser_client, junk)) == [(junk.pk, True)]


@pytest.mark.parametrize("query", ["?q=lease", ""], ids=["search", "folder"])
def test_messages_by_themselves(
    browser_client: Client, talk: list[Message], user: User, query: str
) -> None:
    user.conversations = False
    user.save()
    assert letters(pane(browser_client, talk[3], query)) == [(talk[3].pk, True)]


def test_what_was_found_stands_in_its_conversation(
    browser_client: Client, talk: list[Message]
) -> None:
    """It and the newest are open and read, no other; what is done in a search is done to it."""
    Message.objects.update(is_seen=False)
    page = pane(browser_client, talk[1], "?q=lease")
    assert [is_open for _pk, is_open in letters(page)] == [False, True, False, True]
    read = Message.objects.filter(is_seen=True)
    assert set(read) == {talk[1], talk[3]}
    assert 'name="scope"' not in page
    assert f"?reply={talk[3].pk}" in page


def test_drafts_of_it_go_on_from_there(
    browser_client: Client, talk: list[Message], user: User
) -> None:
    who = identities.send_from(user)[0].identity
    draft = Draft.objects.create(
        user=user, identity=who, key=uuid4(), original=talk[2], body="As I said"
    )
    other = Draft.objects.create(user=user, identity=who, key=uuid4(), body="Else")
    page = pane(browser_client, talk[3])
    assert reverse("compose-draft", args=[draft.key]) in page
    assert "As I said" in page
    assert str(other.key) not in page
    # The page as a whole, as after a reload: the list beside it is that of the Inbox.
    whole = browser_client.get(reverse("mail-message", args=[talk[3].pk]))
    assert whole.status_code == 200
    assert whole.content.decode().count(reverse("compose-draft", args=[draft.key])) == 1


def test_muted_is_said_and_can_be_ended(browser_client: Client, talk: list[Message]) -> None:
    assert 'value="mute"' in pane(browser_client, talk[3])
    Thread.objects.update(muted_at=NOW)
    page = pane(browser_client, talk[3])
    assert "This conversation is muted" in page
    form = {"do": "unmute", "id": str(talk[3].pk), "scope": "conversation", "next": "/"}
    assert browser_client.post(reverse("mail-action"), form).status_code == 302
    assert Thread.objects.get().muted_at is None
    assert "is muted" not in pane(browser_client, talk[3])


def test_other_peoples_messages_are_not_found(
    talk: list[Message], other_user: User, client_for: Callable[[User], Client]
) -> None:
    stranger = client_for(other_user)
    for part in ("read", "letter"):
        answer = stranger.get(reverse("mail-message", args=[talk[0].pk]), headers={"X-Part": part})
        assert answer.status_code == 404


def test_a_line_stands_for_what_lies_in_the_same_place(
    user: User, other_user: User, talk: list[Message], inbox: Folder, sent: Folder
) -> None:
    a, b, c, d = (one.pk for one in talk)
    place = Place(where=str(inbox.pk))
    assert widen(user, [d], place) == [a, c, d]
    assert widen(user, [d], Place()) == [a, c, d]
    assert widen(user, [b], Place(where=str(sent.pk))) == [b]
    Message.objects.filter(pk__in=[a, b]).update(is_flagged=True)
    assert widen(user, [a], Place(where="starred")) == [a, b]
    assert widen(other_user, [d], place) == []
    Message.objects.filter(pk=d).update(thread=None)
    assert widen(user, [d], place) == [d]


def test_many_messages_are_few_queries(
    browser_client: Client,
    talk: list[Message],
    inbox: Folder,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    Message.objects.update(is_seen=True)
    for at in range(20):
        come(inbox, f"more{at}", "a", ago=19 - at)
    newest = Message.objects.order_by("-sort_at")[0]
    with django_assert_max_num_queries(14):  # type: ignore[attr-defined] # pytest-django's
        page = pane(browser_client, newest)
    assert len(letters(page)) == 24
