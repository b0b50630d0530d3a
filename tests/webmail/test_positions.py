"""A conversation of a large folder is found by its number."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from mailstore import conversations
from mailstore.models import Folder, Message, Thread
from mailstore.services import locks
from tests.webmail.samples import letter, put
from webmail import counted, find, positions, screen
from webmail.place import Place

COUNT = 60


@pytest.fixture
def talks(user: User, inbox: Folder) -> Folder:
    """Messages of conversations that run through each other, and some without."""
    chance = random.Random(5)
    first = put(inbox, letter("0"), at=timezone.now())
    threads = [Thread.objects.create(user=user) for _ in range(20)]
    Message.objects.bulk_create(
        Message(
            user=user,
            folder=inbox,
            blob_id=first.blob_id,
            sort_at=first.sort_at - timedelta(minutes=number // 2),
            size=1,
            thread=chance.choice([None, *threads]),
        )
        for number in range(COUNT - 1)
    )
    locks.count(inbox.pk, total=COUNT - 1, unread=COUNT - 1, size=COUNT - 1)
    return inbox


def test_every_number_leads_to_its_conversation(
    user: User,
    talks: Folder,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr(find, "NEAR", 0)
    rows = Message.objects.filter(folder=talks)
    heads = list(
        conversations.heads(rows, rows).order_by("-sort_at", "-id").values_list("pk", flat=True)
    )
    assert 10 < len(heads) < COUNT - 10
    place, tree = Place(where=str(talks.pk)), screen.desk(user).tree
    for number in range(1, len(heads)):
        found = find.find(user, place, tree, at=number, threaded=True)
        assert [one.pk for one in found.messages] == heads[number:], number
        assert (found.at, found.total) == (number, len(heads))
    assert not find.find(user, place, tree, at=len(heads), threaded=True).messages
    # The row above it, and the page: what was found out is used again.
    with django_assert_num_queries(3):
        find.find(user, place, tree, at=7, threaded=True)


def test_little_is_kept(
    talks: Folder,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    known = positions.Positions()
    with django_assert_num_queries(1):
        assert known.of(talks.pk, COUNT, 9) == known.of(talks.pk, COUNT + counted.DRIFT, 9)
    with django_assert_num_queries(1):
        known.of(talks.pk, COUNT + counted.DRIFT + 1, 9)
    monkeypatch.setattr(positions, "MOST", 10)
    with django_assert_num_queries(2):
        known.of(0, 0, 9)
        known.of(talks.pk, COUNT, 9)
