"""The files of a folder: written down by the index worker, found by kind and name, page by page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from mailstore.models import Attachment, Folder, Message
from mailstore.services import folders, indexing, messages
from tests.webmail.samples import letter, picture, put

FILES = (
    ("plan.pdf", "application/pdf", b"%PDF"),
    ("photo.png", "image/png", picture()),
    ("50% \u00dcbersicht.xlsx", "application/octet-stream", b"PK"),
)


@pytest.fixture
def filled(inbox: Folder) -> list[Message]:
    """Thirty messages, each with three files, and one whose picture stands in its text."""
    now = timezone.now()
    made = [
        put(inbox, letter(f"Letter {number}", files=FILES), at=now - timedelta(hours=number // 2))
        for number in range(30)
    ]
    html = '<img src="cid:logo">'
    put(inbox, letter("Inline", html=html, pictures=[("logo", picture())]), at=now)
    indexing.index_waiting(seconds=60)
    return made


def listed(client: Client, address: str) -> tuple[list[tuple[int, int]], str]:
    """The files on a page, by message and part, and the address of the next page."""
    page = client.get(address).content.decode()
    found = re.findall(r'file__name" href="/message/(\d+)/attachment/(\d+)/preview/', page)
    more = re.search(r'list__more"><a class="btn" href="([^"]+)"', page)
    return [(int(one), int(two)) for one, two in found], more[1].replace(
        "&amp;", "&"
    ) if more else ""


def test_all_files_are_there_once_newest_first(
    browser_client: Client, inbox: Folder, filled: list[Message]
) -> None:
    address = reverse("mail-folder-attachments", args=[inbox.pk])
    seen: list[tuple[int, int]] = []
    while address:
        found, address = listed(browser_client, address)
        assert len(found) <= 50
        seen += found
    ordered = sorted(filled, key=lambda one: (one.sort_at, one.pk), reverse=True)
    assert seen == [(one.pk, index) for one in ordered for index in (1, 2, 3)]


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ("?kind=image", 2),
        ("?kind=pdf&name=PLAN", 1),
        ("?name=50%25", 3),
        ("?name=%C3%BCbers", 3),
        ("?kind=nonsense&name=photo", 2),
    ],
)
def test_files_are_found_by_kind_and_name(
    browser_client: Client, inbox: Folder, filled: list[Message], asked: str, index: int
) -> None:
    found, _more = listed(
        browser_client, reverse("mail-folder-attachments", args=[inbox.pk]) + asked
    )
    assert [one for _message, one in found] == [index] * len(filled)


def test_a_page_costs_few_queries_and_follows_the_message(
    browser_client: Client, user: User, inbox: Folder, filled: list[Message]
) -> None:
    address = reverse("mail-folder-attachments", args=[inbox.pk])
    with CaptureQueriesContext(connection) as asked:
        listed(browser_client, address)
    assert len(asked) <= 16
    other = folders.ensure_path(user, ["Kept"])
    messages.move(user, [filled[0].pk], other)
    assert listed(browser_client, reverse("mail-folder-attachments", args=[other.pk]))[0] == [
        (filled[0].pk, index) for index in (1, 2, 3)
    ]
    messages.remove(user, [filled[0].pk])
    assert not Attachment.objects.filter(message=filled[0].pk).exists()


def test_looking_again_writes_nothing_twice(inbox: Folder, filled: list[Message]) -> None:
    before = Attachment.objects.count()
    Message.objects.update(is_indexed=False)
    indexing.index_waiting(seconds=60)
    assert Attachment.objects.count() == before == 90


def test_folders_of_others_are_not_found(
    client_for: Callable[[User], Client], other_user: User, inbox: Folder
) -> None:
    address = reverse("mail-folder-attachments", args=[inbox.pk])
    assert client_for(other_user).get(address).status_code == 404


def test_nonsense_in_the_address_is_the_first_page(
    browser_client: Client, inbox: Folder, filled: list[Message]
) -> None:
    address = reverse("mail-folder-attachments", args=[inbox.pk])
    first = listed(browser_client, address)[0]
    for before in ("x", "1", "-", "99999999999-1", "1-1-1", f"{filled[0].pk}-"):
        assert listed(browser_client, f"{address}?before={before}")[0] == first
