from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from mailstore import listing
from mailstore.listing import Cursor, Filters
from mailstore.models import Folder, Message, Source
from mailstore.services import messages
from tests.mail import NOW, letter, mixed, put


def pages(user: User, size: int, **more: object) -> list[list[int]]:
    found: list[list[int]] = []
    before: Cursor | None = None
    while True:
        page = listing.page(user, before=before, size=size, **more)  # type: ignore[arg-type] # keywords of page
        found.append([row.pk for row in page.rows])
        if page.next_cursor is None:
            return found
        before = Cursor.read(str(page.next_cursor))
        assert before == page.next_cursor


def test_pages_hold_everything_once_in_order(user: User, inbox: Folder) -> None:
    for hour in range(6):
        # Three at the very same moment: the id has to decide.
        put(
            inbox,
            *(letter(f"{hour}-{number}") for number in range(3)),
            internal_at=NOW - timedelta(hours=hour % 4),
        )
    wanted = list(
        Message.objects.filter(folder=inbox)
        .order_by("-sort_at", "-id")
        .values_list("pk", flat=True)
    )
    for size in (1, 2, 4, 18, 50):
        found = pages(user, size, folder=inbox)
        assert [pk for page in found for pk in page] == wanted
        assert all(len(page) == size for page in found[:-1])


def test_new_mail_does_not_shift_the_next_page(user: User, inbox: Folder) -> None:
    put(inbox, *(letter(f"{number}") for number in range(4)), internal_at=NOW)
    first = listing.page(user, folder=inbox, size=2)
    put(inbox, letter("later"), internal_at=NOW + timedelta(minutes=1))
    second = listing.page(user, folder=inbox, size=2, before=first.next_cursor)
    assert not {row.pk for row in first.rows} & {row.pk for row in second.rows}
    assert [row.subject for row in second.rows] == ["1", "0"]


def test_filters(user: User, inbox: Folder) -> None:
    work = Source.objects.create(user=user, name="Work")
    read, starred = put(inbox, letter("read"), letter("starred"))
    put(inbox, mixed())
    put(inbox, letter("from work"), source=work)
    messages.set_flags(user, [read.pk], seen=True)
    messages.set_flags(user, [starred.pk], flagged=True)

    def subjects(**chips: object) -> set[str]:
        page = listing.page(user, folder=inbox, filters=Filters(**chips))  # type: ignore[arg-type] # its fields
        return {row.subject for row in page.rows}

    assert subjects() == {"read", "starred", "Mixed", "from work"}
    assert subjects(unread=True) == {"starred", "Mixed", "from work"}
    assert subjects(starred=True) == {"starred"}
    assert subjects(attachments=True) == {"Mixed"}
    assert subjects(source=work.pk) == {"from work"}


def test_all_mail_leaves_out_junk_bin_and_other_people(
    user: User, other_user: User, inbox: Folder, bin_: Folder
) -> None:
    put(inbox, letter("here"))
    put(bin_, letter("away"))
    put(Folder.objects.get(user=other_user, role="inbox"), letter("theirs"))
    assert [row.subject for row in listing.page(user).rows] == ["here"]
    assert listing.page(other_user, folder=inbox).rows == []


def test_a_page_is_one_query(
    user: User, inbox: Folder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    source = Source.objects.create(user=user, name="Work")
    put(inbox, *(letter(f"{number}") for number in range(30)), source=source)
    with django_assert_num_queries(1):
        page = listing.page(user, folder=inbox, size=20)
        shown = [(row.subject, str(row.source), row.snippet, row.from_name) for row in page.rows]
    assert len(shown) == 20
    with django_assert_num_queries(1):
        page = listing.page(user, size=20, before=page.next_cursor)
        assert {str(row.folder) for row in page.rows} == {"Inbox"}


@pytest.mark.parametrize("text", ["", "x", "1", "1-2-3-x", "9" * 40 + "-1", "-", "1.5-2"])
def test_a_cursor_that_nobody_wrote_is_none(text: str) -> None:
    assert Cursor.read(text) is None
