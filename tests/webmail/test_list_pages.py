"""Pages of a list as scripts ask for them: any row, any order, and what they are told of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from mailstore.models import Folder, Label, Message, Source
from mailstore.services import folders, labels, messages
from tests.webmail.samples import SEEN, letter, put
from webmail import screen
from webmail.find import find
from webmail.place import Place

FOLDER = "/folder/{}/"


@pytest.fixture
def full(user: User, inbox: Folder) -> Folder:
    """120 messages, each in a conversation of its own, numbered from the newest."""
    first = put(inbox, letter("000", sender="Zoe <zoe@b.test>"), at=timezone.now())
    Message.objects.bulk_create(
        Message(
            user=user,
            folder=inbox,
            blob_id=first.blob_id,
            sort_at=first.sort_at - timedelta(minutes=number),
            size=1000 - number,
            subject=f"{number:03}",
            from_name="Ada" if number % 2 else "Ben",
            from_address="a@b.test",
            is_seen=number % 3 > 0,
        )
        for number in range(1, 120)
    )
    Folder.objects.filter(pk=inbox.pk).update(total=120, unread=40)
    return inbox


def rows(client: Client, address: str) -> tuple[Any, list[str]]:
    answer = client.get(address, headers={"X-Part": "rows"})
    assert answer.status_code == 200
    return answer, re.findall(r"<b>(.*?)</b>", answer.content.decode())


def test_pages_tell_where_they_stand(browser_client: Client, full: Folder) -> None:
    address = FOLDER.format(full.pk)
    first, subjects = rows(browser_client, address)
    assert subjects == [f"{number:03}" for number in range(50)]
    assert (first["X-Total"], first["X-At"]) == ("120", "0")
    second, subjects = rows(browser_client, f"{address}?before={first['X-Next']}")
    assert subjects == [f"{number:03}" for number in range(50, 100)]
    assert "X-At" not in second
    assert second["X-Version"] == first["X-Version"]
    last, subjects = rows(browser_client, f"{address}?at=100")
    assert subjects == [f"{number:03}" for number in range(100, 120)]
    assert (last["X-Total"], last["X-At"]) == ("120", "100")
    assert "X-Next" not in last
    assert rows(browser_client, f"{address}?at=5000")[1] == []
    assert rows(browser_client, f"{address}?at=-1")[1][0] == "000"


def test_lines_name_their_message_and_how_it_looks(browser_client: Client, full: Folder) -> None:
    head = Message.objects.order_by("-sort_at").first()
    assert head is not None
    page = rows(browser_client, FOLDER.format(full.pk))[0].content.decode()
    assert f'data-id="{head.pk}" data-mark="' in page
    assert '<li class="list__day" data-day="' in page


def test_the_whole_page_carries_the_same_numbers(browser_client: Client, full: Folder) -> None:
    address = FOLDER.format(full.pk)
    told = rows(browser_client, address)[0]
    for part in ({}, {"X-Part": "list"}):
        page = browser_client.get(address, headers=part).content.decode()
        for name in ("total", "at", "next", "version"):
            assert f'data-{name}="{told[f"X-{name.title()}"]}"' in page


@pytest.mark.parametrize(
    ("sort", "first"),
    [("oldest", "119"), ("subject", "000"), ("size", "001"), ("sender", "001"), ("unread", "000")],
)
def test_a_list_can_be_sorted(browser_client: Client, full: Folder, sort: str, first: str) -> None:
    address, seen = f"{FOLDER.format(full.pk)}?sort={sort}", []
    before = ""
    while True:
        answer, subjects = rows(browser_client, f"{address}{before}")
        seen += subjects
        if "X-Next" not in answer:
            break
        before = f"&before={answer['X-Next']}"
    Message.objects.filter(subject="000").update(size=1)
    assert len(seen) == len(set(seen)) == 120
    assert seen[0] == first
    assert rows(browser_client, f"{address}&at=60")[1] == seen[60:110]
    page = browser_client.get(address).content.decode()
    assert f'href="{address.replace("&", "&amp;")}" data-filter aria-current="true"' in page
    assert ("list__day" in page) is (sort == "oldest")
    assert f"?in={full.pk}&amp;sort={sort}" in page  # and an opened message keeps it


def test_a_search_made_up_is_no_sort(browser_client: Client, full: Folder) -> None:
    assert rows(browser_client, f"{FOLDER.format(full.pk)}?sort=x")[1][0] == "000"


def test_unread_mail_is_counted_by_the_folder(browser_client: Client, full: Folder) -> None:
    answer, subjects = rows(browser_client, f"{FOLDER.format(full.pk)}?unread=1&at=39")
    assert subjects == ["117"]
    assert answer["X-Total"] == "40"


def test_a_label_is_a_place(
    browser_client: Client, user: User, other_user: User, full: Folder
) -> None:
    label = Label.objects.create(user=user, name="River", color=3)
    marked = list(Message.objects.filter(subject__in=["003", "077"]))
    labels.put(user, label, [one.pk for one in marked])
    answer, subjects = rows(browser_client, f"/label/{label.pk}/")
    assert subjects == ["003", "077"]
    assert answer["X-Total"] == "2"
    mark = '<span class="label a3" dir="auto">River</span>'
    assert mark not in answer.content.decode()
    assert mark in rows(browser_client, FOLDER.format(full.pk))[0].content.decode()
    page = browser_client.get(f"/label/{label.pk}/?unread=1").content.decode()
    assert '<h1 dir="auto">River</h1>' in page
    assert f'href="/label/{label.pk}/"' in page
    messages.trash(user, [marked[0].pk])
    assert rows(browser_client, f"/label/{label.pk}/")[1] == ["077"]
    foreign = Label.objects.create(user=other_user, name="Theirs")
    for part in ({}, {"X-Part": "rows"}, {"X-Part": "list"}):
        assert browser_client.get(f"/label/{foreign.pk}/", headers=part).status_code == 404


def test_rows_of_a_strangers_folder_are_not_found(
    browser_client: Client, other_user: User, full: Folder
) -> None:
    theirs = folders.special(other_user, "inbox")
    put(theirs, letter("Secret"), at=timezone.now())
    for part in ({}, {"X-Part": "rows"}, {"X-Part": "list"}):
        assert browser_client.get(FOLDER.format(theirs.pk), headers=part).status_code == 404
    # Also where nobody looked before whose folder it is.
    tree = screen.desk(full.user).tree
    assert find(full.user, Place(where=str(theirs.pk)), tree).messages == []
    answer = browser_client.get(f"/search/?q=a&in={theirs.pk}", headers={"X-Part": "rows"})
    assert b"Secret" not in answer.content


def test_all_inboxes_name_the_account(browser_client: Client, user: User) -> None:
    work = Source.objects.create(user=user, name="Work", color=4)
    own = folders.ensure_path(user, ["Work"], source=work)
    put(own, letter("From work"), at=timezone.now(), source=work, flags=SEEN)
    page = rows(browser_client, "/")[0].content.decode()
    assert '<span class="label a4" dir="auto">Work</span>' in page
    assert (
        '<span class="label' not in rows(browser_client, FOLDER.format(own.pk))[0].content.decode()
    )


def test_all_inboxes_look_through_few_or_all_messages(
    browser_client: Client, user: User, full: Folder
) -> None:
    own = folders.create(user, parent=None, name="Own")
    put(own, letter("own"), at=timezone.now() + timedelta(minutes=1))
    put(folders.special(user, "archive"), letter("put away"), at=timezone.now())
    expected = rows(browser_client, "/")[1]
    assert expected[:2] == ["own", "000"]
    # As if there were much more: the same mail, found the other way.
    Folder.objects.filter(pk=full.pk).update(total=100_000)
    assert rows(browser_client, "/")[1] == expected
    assert rows(browser_client, "/?at=90")[1] == [f"{number:03}" for number in range(89, 120)]
