"""Settings, Storage: what takes how much space; and being told when it fills up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Limits, User
from connectivity.models import Notification
from mailstore import filling
from mailstore.models import Folder, FolderRole, Message, Source
from mailstore.services import folders, indexing, usage
from tests.mail import letter, mixed, put
from webmail.services import filling as telling
from webmail.storage_page import storage_of

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

NOW = timezone.now()
ClientFor = Callable[[User], Client]
MEGA = 1024 * 1024


def large(subject: str, size: int) -> bytes:
    return letter(subject, text="\n".join("x" * 70 for _ in range(size // 72)))


@pytest.mark.parametrize(
    ("used", "quota", "expected"),
    [
        (79, 100, (79, 0)), (80, 100, (80, 80)), (949, 1000, (94, 80)), (95, 100, (95, 95)),
        (999, 1000, (99, 95)), (100, 100, (100, 100)), (300, 100, (300, 100)),
        (5, None, (0, 0)), (0, 100, (0, 0)),
    ],
)  # fmt: skip
def test_levels(used: int, quota: int | None, expected: tuple[int, int]) -> None:
    assert (filling.percent(used, quota), filling.level(used, quota)) == expected


def test_the_page_says_what_takes_how_much(user: User, client_for: ClientFor) -> None:
    inbox = folders.special(user, FolderRole.INBOX)
    source = Source.objects.create(user=user, name="Riverpost")
    put(inbox, large("A large one", 2 * MEGA), letter("small"), mixed())
    put(folders.special(user, FolderRole.TRASH), large("Thrown away", 3 * MEGA))
    Message.objects.filter(subject="small").update(source=source)
    indexing.index_waiting(seconds=30)
    user.quota = 10 * MEGA
    user.save()
    storage = storage_of(user)
    assert storage.used == usage.used(user)
    assert [one.label for one in storage.folders] == ["Deleted Items", "Inbox"]
    assert {str(one.label) for one in storage.accounts} == {"Riverpost", "Written or received here"}
    assert [str(one.label) for one in storage.kinds][:1]
    assert [one.subject for one in storage.largest] == ["A large one"]
    browser = client_for(user)
    page = browser.get("/settings/storage/").content.decode()
    assert "of 10 MB used" in page
    assert "A large one" in page
    trashed = {"do": "trash", "id": storage.largest[0].pk, "next": "/settings/storage/"}
    assert browser.post("/mail/action/", trashed)["Location"] == "/settings/storage/"
    page = browser.get("/settings/storage/").content.decode()
    assert "No message is larger than a megabyte." in page
    assert "Undo" in page


def test_an_empty_mailbox(user: User, client_for: ClientFor) -> None:
    page = client_for(user).get("/settings/storage/").content.decode()
    assert "Your space has no limit of its own." in page
    assert "No mail yet" in page


def test_as_many_statements_for_much_mail_as_for_little(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    put(folders.special(user, FolderRole.INBOX), *[letter(f"{one}") for one in range(12)])
    with django_assert_num_queries(6):
        storage_of(user)


def test_the_largest_are_found_by_an_index(user: User) -> None:
    put(folders.special(user, FolderRole.INBOX), letter("one"))
    rows = Message.objects.filter(user=user, size__gt=usage._LARGE).order_by("-size", "-pk")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert "message_large" in rows.explain()


def fill(user: User, percent: int) -> None:
    Folder.objects.filter(user=user, role=FolderRole.INBOX).update(size=percent * MEGA)


def told(user: User) -> list[tuple[str, str, bool]]:
    rows = Notification.objects.filter(user=user, resolved_at=None)
    return [(row.kind, row.cause, row.mail_at is not None) for row in rows]


def test_people_are_told_once_at_each_level(user: User, other_user: User) -> None:
    Limits.objects.create(domain=user.domain, quota=100 * MEGA)
    fill(other_user, 10)
    for percent, notice in (
        (79, []),
        (80, [("storage-filling", "space-filling", False)]),
        (94, [("storage-filling", "space-filling", False)]),
        (95, [("storage-filling", "space-almost-full", True)]),
        (120, [("storage-full", "space-full", True)]),
        (96, [("storage-filling", "space-almost-full", True)]),
        (40, []),
    ):
        fill(user, percent)
        for _twice in range(2):
            telling.tell(now=NOW + timedelta(hours=1))
        assert told(user) == notice, percent
    assert told(other_user) == []
    fill(user, 90)
    telling.tell(now=NOW)
    Limits.objects.all().delete()
    telling.tell(now=NOW)
    assert told(user) == []


def test_the_own_figure_stands_above_the_domains(user: User) -> None:
    Limits.objects.create(domain=user.domain, quota=MEGA)
    user.quota = 100 * MEGA
    user.save()
    fill(user, 50)
    assert telling.tell(now=NOW) == 0
