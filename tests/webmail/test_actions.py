"""Doing things to messages, and taking them back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from mailstore.models import Folder, Message
from mailstore.services import clearing, folders
from tests.webmail.samples import STARRED, letter, put

ACTION, UNDO = "/mail/action/", "/mail/undo/"


@pytest.fixture
def three(inbox: Folder) -> list[Message]:
    return [put(inbox, letter(f"Nr {number}"), at=timezone.now()) for number in range(3)]


def do(client: Client, what: str, ids: list[int], **more: Any) -> dict[str, Any]:
    """Act as the script does."""
    values = {"do": what, "id": ids, **more}
    answer = client.post(ACTION, values, headers={"X-Part": "json"})
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def take_back(client: Client, done: dict[str, Any]) -> None:
    answer = client.post(UNDO, {"token": done["undo"]}, headers={"X-Part": "json"})
    assert answer.status_code == 200


def where(messages: list[Message]) -> list[str]:
    return [one.role or one.name for m in messages for one in [Message.objects.get(pk=m.pk).folder]]


def truth(user: User) -> None:
    """Every counter equals what is there."""
    for folder in Folder.objects.filter(user=user):
        mine = Message.objects.filter(folder=folder)
        assert folder.total == mine.count()
        assert folder.unread == mine.filter(is_seen=False).count()


@pytest.mark.parametrize(
    ("what", "role", "text"),
    [
        ("archive", "archive", "3 messages archived"),
        ("trash", "trash", "3 messages deleted"),
        ("junk", "junk", "3 messages reported as junk"),
    ],
)
def test_moving_and_undoing(
    browser_client: Client, user: User, three: list[Message], what: str, role: str, text: str
) -> None:
    done = do(browser_client, what, [one.pk for one in three])
    assert done["text"] == text
    assert where(three) == [role] * 3
    truth(user)
    take_back(browser_client, done)
    assert where(three) == ["inbox"] * 3
    truth(user)


def test_undo_returns_each_to_its_own_folder(
    browser_client: Client, user: User, three: list[Message]
) -> None:
    elsewhere = folders.create(user, parent=None, name="Elsewhere")
    do(browser_client, "move", [three[0].pk], folder=elsewhere.pk)
    assert where(three) == ["Elsewhere", "inbox", "inbox"]
    done = do(browser_client, "archive", [one.pk for one in three])
    take_back(browser_client, done)
    assert where(three) == ["Elsewhere", "inbox", "inbox"]
    truth(user)


def test_flags_and_undoing_only_what_changed(
    browser_client: Client, user: User, inbox: Folder, three: list[Message]
) -> None:
    starred = put(inbox, letter("Starred before"), at=timezone.now(), flags=STARRED)
    ids = [*[one.pk for one in three], starred.pk]
    done = do(browser_client, "star", ids)
    assert Message.objects.filter(is_flagged=True).count() == 4
    take_back(browser_client, done)
    assert list(Message.objects.filter(is_flagged=True)) == [starred]
    done = do(browser_client, "read", ids)
    assert done["counts"]["all"] == 0
    take_back(browser_client, done)
    assert Folder.objects.get(pk=inbox.pk).unread == 3
    do(browser_client, "unread", ids)
    assert Folder.objects.get(pk=inbox.pk).unread == 4
    truth(user)


def test_deleting_for_good_asks_first(
    browser_client: Client, user: User, three: list[Message]
) -> None:
    ids = [one.pk for one in three]
    do(browser_client, "trash", ids)
    page = browser_client.post(ACTION, {"do": "destroy", "id": ids})
    assert "Delete 3 messages for good?" in page.content.decode()
    assert Message.objects.filter(pk__in=ids).count() == 3
    done = do(browser_client, "destroy", ids, sure="1")
    assert done == {**done, "text": "3 messages deleted for good", "undo": ""}
    assert not Message.objects.filter(pk__in=ids).exists()
    truth(user)


def test_only_deleted_items_can_be_destroyed(browser_client: Client, three: list[Message]) -> None:
    values = {"do": "destroy", "id": [three[0].pk], "sure": "1"}
    assert browser_client.post(ACTION, values).status_code == 404
    assert Message.objects.filter(pk=three[0].pk).exists()


def test_a_plain_form_works_and_returns_to_its_list(
    browser_client: Client, three: list[Message]
) -> None:
    values = {"do": "archive", "id": [three[0].pk], "next": "/starred/"}
    answer = browser_client.post(ACTION, values, follow=True)
    assert answer.redirect_chain == [("/starred/", 302)]
    assert "Message archived" in answer.content.decode()
    assert where(three)[0] == "archive"
    values = {"do": "trash", "id": [three[1].pk], "next": "//evil.test/"}
    answer = browser_client.post(ACTION, values)
    assert answer["Location"] == "/"
    assert where(three)[1] == "trash"
    answer = browser_client.post(ACTION, {"do": "archive"}, follow=True)
    assert "No message was selected." in answer.content.decode()


def test_unknown_actions_and_gone_messages(browser_client: Client, three: list[Message]) -> None:
    pk = three[0].pk
    assert browser_client.post(ACTION, {"do": "explode", "id": [pk]}).status_code == 404
    assert browser_client.post(ACTION, {"do": "archive", "id": [pk + 999]}).status_code == 404
    assert browser_client.get(ACTION).status_code == 405
    # What is still there is acted on, even when something beside it has gone.
    do(browser_client, "archive", [pk, pk + 999])
    assert where(three)[0] == "archive"


def test_mail_of_others_is_out_of_reach(
    browser_client: Client,
    user: User,
    other_user: User,
    three: list[Message],
    client_for: Callable[[User], Client],
) -> None:
    theirs = put(folders.special(other_user, "inbox"), letter("Theirs"), at=timezone.now())
    their_folder = folders.create(other_user, parent=None, name="Their folder")
    for what in ("archive", "trash", "junk", "read", "star", "destroy"):
        values = {"do": what, "id": [theirs.pk], "sure": "1"}
        assert browser_client.post(ACTION, values).status_code == 404
    # Mixed with own ones, only the own ones are touched.
    do(browser_client, "trash", [three[0].pk, theirs.pk])
    values = {"do": "move", "id": [three[1].pk], "folder": str(their_folder.pk)}
    assert browser_client.post(ACTION, values).status_code == 404
    after = Message.objects.get(pk=theirs.pk)
    assert (after.folder_id, after.is_seen, after.modseq) == (
        theirs.folder_id,
        theirs.is_seen,
        theirs.modseq,
    )
    done = do(browser_client, "archive", [three[2].pk])
    stranger = client_for(other_user)
    assert stranger.post(UNDO, {"token": done["undo"]}).status_code == 404
    assert where(three)[2] == "archive"


def test_a_forged_undo_does_nothing(browser_client: Client) -> None:
    for token in ("", "x", "WzEsMl0:1abc:def"):
        assert browser_client.post(UNDO, {"token": token}).status_code == 404


def test_undo_after_the_folder_went_leaves_the_message_where_it_is(
    browser_client: Client, user: User, three: list[Message]
) -> None:
    short = folders.create(user, parent=None, name="Short-lived")
    do(browser_client, "move", [three[0].pk], folder=short.pk)
    done = do(browser_client, "archive", [three[0].pk])
    clearing.delete(short)
    take_back(browser_client, done)
    assert where(three)[0] == "archive"
    truth(user)


def test_choosing_a_folder(browser_client: Client, user: User, three: list[Message]) -> None:
    folders.create(user, parent=None, name="Projects")
    page = browser_client.get(f"/mail/move/?id={three[0].pk}&id=x&next=/starred/")
    text = page.content.decode()
    assert "<html" in text
    assert 'data-name="Projects"' in text
    assert 'value="/starred/"' in text
    part = browser_client.get("/mail/move/?id=1", headers={"HX-Request": "true"})
    assert part.content.decode().strip().startswith("<dialog")
