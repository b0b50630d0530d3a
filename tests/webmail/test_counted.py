"""How many conversations a place holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from mailstore.models import Folder, Message, Thread
from tests.webmail.samples import letter, put
from webmail import counted


@pytest.fixture
def talks(user: User, inbox: Folder) -> Folder:
    """Nine messages: a conversation of four, one of three, and two that wait for theirs."""
    first = put(inbox, letter("0"), at=timezone.now())
    long, short = Thread.objects.create(user=user), Thread.objects.create(user=user)
    Message.objects.filter(pk=first.pk).update(thread=long)
    Message.objects.bulk_create(
        Message(
            user=user,
            folder=inbox,
            blob_id=first.blob_id,
            sort_at=first.sort_at - timedelta(minutes=number),
            size=1,
            thread=thread,
        )
        for number, thread in enumerate([long] * 3 + [short] * 3 + [None] * 2)
    )
    return inbox


def test_each_conversation_counts_once(talks: Folder) -> None:
    found = Message.objects.filter(folder=talks)
    assert counted.Counts().of("x", found, 9) == (4, True)
    assert counted.Counts().of("x", found.filter(subject="none"), 0) == (0, True)


def test_a_large_place_is_counted_now_and_then(
    talks: Folder,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr(counted, "FEW", 5)
    counts, found = counted.Counts(), Message.objects.filter(folder=talks)
    with django_assert_num_queries(1):
        assert counts.of("x", found, 9) == (4, True)
    with django_assert_num_queries(0):
        assert counts.of("x", found, 9) == (4, True)
        assert counts.of("x", found, 12) == (7, False)
        assert counts.of("x", found, 6) == (1, False)
    with django_assert_num_queries(2):
        assert counts.of("x", found, 9 + counted.DRIFT + 1) == (4, True)
        assert counts.of("y", found, 9) == (4, True)
    monkeypatch.setattr(counted, "KEPT", -1)
    with django_assert_num_queries(1):
        counts.of("y", found, 9)


def test_only_the_places_asked_for_last_are_remembered(
    talks: Folder,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr(counted, "FEW", 5)
    monkeypatch.setattr(counted, "PLACES", 2)
    counts, found = counted.Counts(), Message.objects.filter(folder=talks)
    for key in "abac":
        counts.of(key, found, 9)
    with django_assert_num_queries(0):
        counts.of("a", found, 9)
        counts.of("c", found, 9)
    with django_assert_num_queries(1):
        counts.of("b", found, 9)
