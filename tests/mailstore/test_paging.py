"""Pages of a list in every order, by key and by number."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from mailstore import paging
from mailstore.listing import Cursor
from mailstore.models import Folder, Label, Message, MessageLabel
from mailstore.order import LABELLED, ORDERS, Order, Sort
from tests.mail import NOW, letter, put

SUBJECTS = ["river", "Lake", "", "river", "Öl", "a" * 90, "a" * 90 + "b", "~x", "lake"]


@pytest.fixture
def full(inbox: Folder) -> Folder:
    """Messages that differ in everything, many of them at the same moment."""
    [first] = put(inbox, letter("0"), internal_at=NOW)
    copies = [
        Message(
            user_id=inbox.user_id,
            folder=inbox,
            blob_id=first.blob_id,
            sort_at=NOW - timedelta(minutes=number // 4),
            size=number % 3,
            subject=SUBJECTS[number % len(SUBJECTS)],
            from_name=["", "Zoë", "ada"][number % 3],
            from_address=f"p{number % 4}@example.test",
            is_seen=number % 5 < 3,
        )
        for number in range(23)
    ]
    Message.objects.bulk_create(copies)
    Folder.objects.filter(pk=inbox.pk).update(total=24)
    return inbox


def through(folder: Folder, order: Order, size: int) -> list[list[int]]:
    """The ids of all pages, each reached by the cursor of the one before as an address has it."""
    found: list[list[int]] = []
    before: Cursor | None = None
    while True:
        rows = Message.objects.filter(folder=folder)
        page = paging.page(rows, order, before=before, size=size)
        found.append([row.id for row in page.rows])
        if page.next_cursor is None:
            return found
        before = Cursor.read(str(page.next_cursor))
        assert before is not None


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_follow_without_gap_or_repetition(full: Folder, sort: Sort) -> None:
    order = ORDERS[sort]
    [whole] = through(full, order, 50)
    assert len(set(whole)) == 24
    for size in (1, 5, 12, 24):
        pages = through(full, order, size)
        assert [pk for page in pages for pk in page] == whole
        assert all(len(page) == size for page in pages[:-1])


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("total", [None, 24])
def test_any_row_can_be_jumped_to(full: Folder, sort: Sort, total: int | None) -> None:
    rows, order = Message.objects.filter(folder=full), ORDERS[sort]
    whole = [row.id for row in paging.page(rows, order, size=50).rows]
    for at in (0, 1, 11, 12, 13, 22, 23, 24, 99):
        page = paging.page(rows, order, at=at, total=total, size=5)
        assert [row.id for row in page.rows] == whole[at : at + 5]


def test_orders_are_what_they_are_called(full: Folder) -> None:
    rows = Message.objects.filter(folder=full)

    def lines(sort: Sort) -> list[paging.Line]:
        return paging.page(rows, ORDERS[sort], size=50).rows

    newest = [(row.sort_at, row.id) for row in lines(Sort.NEWEST)]
    assert newest == sorted(newest, reverse=True)
    assert [(row.sort_at, row.id) for row in lines(Sort.OLDEST)] == newest[::-1]
    unread = [row.is_seen for row in lines(Sort.UNREAD)]
    assert unread == sorted(unread)
    sizes = list(Message.objects.in_bulk([row.id for row in lines(Sort.SIZE)]).values())
    assert sorted((one.size for one in sizes), reverse=True) == [
        int(row.key) for row in lines(Sort.SIZE)
    ]
    senders = [str(row.key) for row in lines(Sort.SENDER)]
    assert senders[0] == "ada"
    assert {key for key in senders if "@" in key} <= {f"p{n}@example.test" for n in range(4)}
    subjects = [str(row.key) for row in lines(Sort.SUBJECT)]
    assert subjects.count("lake") == 5  # in any case, together
    assert subjects.index("lake") + 4 == len(subjects) - subjects[::-1].index("lake") - 1


def test_a_label_has_an_order_of_its_own(user: User, full: Folder) -> None:
    label = Label.objects.create(user=user, name="River")
    marked = list(Message.objects.filter(folder=full)[:9])
    MessageLabel.objects.bulk_create(
        MessageLabel(label=label, message=one, sort_at=one.sort_at) for one in marked
    )
    rows = Message.objects.filter(user=user, marks__label=label).annotate(
        labelled_at=F("marks__sort_at"), labelled=F("marks__message_id")
    )
    whole = sorted(((one.sort_at, one.pk) for one in marked), reverse=True)
    first = paging.page(rows, LABELLED, size=4)
    second = paging.page(rows, LABELLED, before=first.next_cursor, size=9)
    assert [(row.sort_at, row.id) for row in first.rows + second.rows] == whole
    jumped = paging.page(rows, LABELLED, at=3, size=9)
    assert [(row.sort_at, row.id) for row in jumped.rows] == whole[3:]


def test_a_page_is_one_query_and_a_jump_two(
    full: Folder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows = Message.objects.filter(folder=full)
    with django_assert_num_queries(1):
        first = paging.page(rows, ORDERS[Sort.NEWEST], size=5)
    with django_assert_num_queries(1):
        paging.page(rows, ORDERS[Sort.NEWEST], before=first.next_cursor, size=5)
    with django_assert_num_queries(2):
        paging.page(rows, ORDERS[Sort.NEWEST], at=15, total=24, size=5)


@pytest.mark.parametrize("key", ["", "x", "AA", "MTI", "____", "9" * 90, "AAECAw", "\N{SNOWMAN}"])
@pytest.mark.parametrize("sort", list(Sort))
def test_a_cursor_anybody_made_up_breaks_nothing(full: Folder, sort: Sort, key: str) -> None:
    rows = Message.objects.filter(folder=full)
    for text in (f"5-7~{key}", f"99999999999999-7~{key}", f"5-{2**63}~{key}", f"-5--7~{key}"):
        assert len(paging.page(rows, ORDERS[sort], before=Cursor.read(text)).rows) <= 24
