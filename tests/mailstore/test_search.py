from __future__ import annotations

import pytest

from accounts.models import User
from mailstore import search
from mailstore.models import Folder, Message
from mailstore.services import folders, indexing, messages
from tests.mail import letter, mixed, put


def found(user: User, typed: str, folder: Folder | None = None) -> set[str]:
    return {row.subject for row in search.search(user, typed, folder=folder).rows}


@pytest.fixture
def mail(user: User, inbox: Folder) -> None:
    put(
        inbox,
        letter("Invoice 2026-17", sender="Ada Berg <ada@shop.test>", text="Please pay 40 euro."),
        letter("Lunch", sender="Bo Ek <bo@home.test>", text="Café on Friday? Big deal."),
        letter("Report", to="list@club.test", text="The deal was not big.", extra="Cc: Cy <c@a>\n"),
        letter("=?utf-8?b?5p2x5Lqs?=", text="nothing"),
        mixed(name="räksmörgås.pdf"),
    )  # fmt: skip
    indexing.index_waiting(seconds=30)


@pytest.mark.parametrize(
    ("typed", "subjects"),
    [
        ("invoice", {"Invoice 2026-17"}),
        ("invo", {"Invoice 2026-17"}),
        ('"invo"', set()),
        ("2026-17", {"Invoice 2026-17"}),
        ("cafe", {"Lunch"}),
        ("CAFÉ friday", {"Lunch"}),
        ("big deal", {"Lunch", "Report"}),
        ('"big deal"', {"Lunch"}),
        ("deal -friday", {"Report"}),
        ("from:ada", {"Invoice 2026-17", "Mixed", "Report", "東京"}),
        ("from:ada@shop.test", {"Invoice 2026-17"}),
        ("from:euro", set()),
        ("to:club", {"Report"}),
        ("cc:cy", {"Report"}),
        ("subject:lunch", {"Lunch"}),
        ("subject:friday", set()),
        ("東京", {"東京"}),
        ("東", {"東京"}),
        ("京", {"東京"}),
        ("has:attachment", {"Mixed"}),
        ("filename:raksmorgas", {"Mixed"}),
        ("filename:plain", set()),
        ("raksmorgas", {"Mixed"}),
        ("-deal -invoice -nothing", {"Mixed"}),
        ("before:2000", set()),
        ("after:2026 lunch", {"Lunch"}),
        ("is:read", set()),
        ("in:inbox lunch", {"Lunch"}),
        ("in:sent lunch", set()),
        ("larger:1k has:attachment", set()),
    ],
)
def test_search(user: User, mail: None, typed: str, subjects: set[str]) -> None:
    assert found(user, typed) == subjects


def test_search_stays_within_the_mailbox_and_folder(
    user: User, other_user: User, inbox: Folder, mail: None
) -> None:
    assert found(other_user, "lunch") == set()
    assert found(other_user, f"u{user.pk}") == set()
    own = folders.create(user, parent=None, name="Own")
    assert found(user, "lunch", folder=own) == set()
    assert found(user, "lunch", folder=inbox) == {"Lunch"}


HOSTILE = [
    '"', "'", "\\", "*", "(", ")", "{x}", "!a", "<->", "from:", "owner:u1", "a:*b", "--", ";", "%",
    "a'", "a&b", "a|b", "a*", "NEAR", "NOT", "AND", "OR", "ⅷ", "²",
]  # fmt: skip


@pytest.mark.parametrize(
    "typed", [*HOSTILE, "a' OR '1", '"a" NEAR "b"', "\x00", "é" * 500, "-a -b"]
)
def test_nothing_typed_breaks_the_query(user: User, mail: None, typed: str) -> None:
    search.search(user, typed)


def test_pages_of_results(user: User, inbox: Folder) -> None:
    put(inbox, *(letter(f"common {number}") for number in range(7)))
    indexing.index_waiting(seconds=30)
    first = search.search(user, "common", limit=3)
    second = search.search(user, "common", limit=3, before=first.next_cursor)
    third = search.search(user, "common", limit=3, before=second.next_cursor)
    rows = [row.pk for page in (first, second, third) for row in page.rows]
    assert len(set(rows)) == 7
    assert third.next_cursor is None


def test_removed_mail_leaves_the_index(user: User, inbox: Folder, mail: None) -> None:
    gone = Message.objects.get(subject="Lunch")
    messages.remove(user, [gone.pk])
    assert found(user, "lunch") == set()
    # An id that comes back must not bring the old words back.
    row = Message.objects.get(subject="Report")
    row.pk = gone.pk
    row.save(force_insert=True)
    assert found(user, "friday") == set()


def test_mail_waits_for_the_index_and_is_not_indexed_twice(user: User, inbox: Folder) -> None:
    put(inbox, letter("early"))
    assert found(user, "early") == set()
    assert indexing.index_batch() == 1
    assert indexing.index_batch() == 0
    assert found(user, "early") == {"early"}


def test_rebuild(user: User, mail: None) -> None:
    indexing.rebuild()
    assert found(user, "lunch") == set()
    indexing.index_waiting(seconds=30)
    assert found(user, "lunch") == {"Lunch"}
