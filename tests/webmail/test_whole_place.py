"""Doing something to every message of a place, and to whole conversations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from mailstore.models import Folder, Message, Reminder, Thread, WayBack
from mailstore.services import folders, ways_back
from tests.webmail.samples import SEEN, letter, put
from tests.webmail.test_actions import ACTION, do, take_back, truth, where
from webmail import undoing, whole


@pytest.fixture
def five(inbox: Folder) -> list[Message]:
    return [put(inbox, letter(f"Nr {number}"), at=timezone.now()) for number in range(5)]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "PIECE", 2)


def ask(client: Client, what: str, place: str, **more: Any) -> dict[str, Any]:
    return do(client, what, [], all="1", place=place, **more)


def test_piece_by_piece_with_one_way_back(
    browser_client: Client, user: User, inbox: Folder, five: list[Message]
) -> None:
    place = f"/folder/{inbox.pk}/"
    done = ask(browser_client, "archive", place)
    assert (done["done"], done["total"]) == (2, 5)
    late = put(inbox, letter("Late"), at=timezone.now())
    done = ask(browser_client, "archive", place, rest=done["rest"])
    assert done["done"] == 4
    done = ask(browser_client, "archive", place, rest=done["rest"])
    assert (done["done"], done["rest"], done["text"]) == (5, "", "5 messages archived")
    assert where(five) == ["archive"] * 5
    # What came meanwhile was not meant.
    assert where([late]) == ["inbox"]
    take_back(browser_client, done)
    assert where(five) == ["inbox"] * 5
    assert not WayBack.objects.exists()
    truth(user)
    answer = browser_client.post("/mail/undo/", {"token": done["undo"]})
    assert answer.status_code == 404


def test_chips_count_and_plain_forms_do_it_in_one_go(
    browser_client: Client, user: User, inbox: Folder, five: list[Message]
) -> None:
    read = put(inbox, letter("Read"), at=timezone.now(), flags=SEEN)
    place = f"/folder/{inbox.pk}/?unread=1"
    answer = browser_client.post(ACTION, {"do": "star", "all": "1", "place": place}, follow=True)
    assert "5 stars added" in answer.content.decode()
    assert set(Message.objects.filter(is_flagged=True)) == set(five)
    values = {"do": "read", "all": "1", "next": place}
    assert (
        "5 messages marked read"
        in browser_client.post(ACTION, values, follow=True).content.decode()
    )
    read.refresh_from_db()
    assert not read.is_flagged
    answer = browser_client.post(ACTION, values, follow=True)
    assert "No message was selected." in answer.content.decode()


def test_places_and_ways_of_others(
    browser_client: Client, other_user: User, inbox: Folder, five: list[Message]
) -> None:
    theirs = folders.special(other_user, "inbox")
    put(theirs, letter("Theirs"), at=timezone.now())
    done = ask(browser_client, "read", f"/folder/{theirs.pk}/")
    assert done["text"] == "No message was selected."
    rest = ask(browser_client, "read", f"/folder/{inbox.pk}/")["rest"]
    place = f"/folder/{inbox.pk}/"
    for forged in (rest[:-1], "x", whole.Way(9, 9).rest(other_user)):
        values = {"do": "read", "all": "1", "place": place, "rest": forged}
        assert browser_client.post(ACTION, values).status_code == 404


def test_a_conversation_goes_as_one(
    browser_client: Client, user: User, inbox: Folder, five: list[Message]
) -> None:
    thread = Thread.objects.create(user=user)
    elsewhere = put(folders.special(user, "sent"), letter("Mine"), at=timezone.now())
    same = [five[0], five[3], elsewhere]
    Message.objects.filter(pk__in=[one.pk for one in same]).update(thread=thread)
    place = f"/folder/{inbox.pk}/"
    done = do(browser_client, "archive", [five[3].pk], scope="conversation", place=place)
    assert done["text"] == "2 messages archived"
    assert where(same) == ["archive", "archive", "sent"]
    take_back(browser_client, done)
    assert where(same) == ["inbox", "inbox", "sent"]
    at = (timezone.now() + timedelta(days=1)).isoformat()
    do(browser_client, "remind", [five[3].pk], scope="conversation", place=place, at=at)
    assert Reminder.objects.get().message == five[3]


def test_long_ways_are_rows_and_old_ones_are_forgotten(
    browser_client: Client, user: User, five: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "MAX_CARRIED", 10)
    done = do(browser_client, "trash", [one.pk for one in five])
    assert len(done["undo"]) < 100
    assert ways_back.forget_old(now=timezone.now()) == 0
    take_back(browser_client, done)
    assert where(five) == ["inbox"] * 5
    do(browser_client, "trash", [five[0].pk])
    assert ways_back.forget_old(now=timezone.now() + ways_back.LIFETIME * 2) == 1
    assert not WayBack.objects.exists()
