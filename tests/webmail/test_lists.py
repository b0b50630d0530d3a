"""The lists of the mail screen."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import User
from mailstore.models import Folder, Message
from mailstore.services import folders, indexing
from tests.webmail.samples import SEEN, STARRED, Mailbox, letter, put


def subjects(page: str) -> list[str]:
    """The subjects of the rows, in order."""
    found = re.findall(r'<span class="msg__line".*?<b>(.*?)</b>', page)
    return [re.sub("</?mark>", "", one) for one in found]


def read(client: Client, address: str, part: str = "") -> str:
    answer = client.get(address, headers={"X-Part": part} if part else {})
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    return answer.content.decode()


def test_all_inboxes_mixes_accounts_newest_first(browser_client: Client, mailbox: Mailbox) -> None:
    found = subjects(read(browser_client, "/"))
    assert found[:2] == ["Lease for the Quay Street studio", "The harbour in November"]
    assert {"Two items are due on Monday", "Sunday", "Payslip for November is ready"} <= set(found)


def test_all_inboxes_leaves_out_what_is_put_aside(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    now = timezone.now()
    put(inbox, letter("In the inbox"), at=now)
    for role in ("sent", "archive", "junk", "trash", "drafts"):
        put(folders.special(user, role), letter(f"In {role}"), at=now)
    under_archive = folders.create(user, parent=folders.special(user, "archive"), name="2019")
    put(under_archive, letter("In archive 2019"), at=now)
    page = read(browser_client, "/")
    assert subjects(page) == ["In the inbox"]
    assert "1 message" in page


def test_a_folder_shows_its_own(browser_client: Client, mailbox: Mailbox) -> None:
    page = read(browser_client, reverse("mail-folder", args=[mailbox.receipts.pk]))
    assert subjects(page) == ["Invoice 2026-118", "Receipt: 30-day ticket"]
    assert '<h1 dir="auto">Receipts</h1>' in page


def test_sent_mail_shows_who_it_went_to(browser_client: Client, user: User) -> None:
    sent = folders.special(user, "sent")
    put(sent, letter("Hello", sender=user.email, to="Ruth <ruth@okafor.test>"), at=timezone.now())
    page = read(browser_client, reverse("mail-folder", args=[sent.pk]))
    assert ">Ruth</a>" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("unread=1", ["new", "new with star"]),
        ("starred=1", ["new with star", "old with star"]),
        ("attachments=1", ["old with file"]),
        ("unread=1&starred=1", ["new with star"]),
        ("source=9999999", []),
        ("source=x&unread=2", ["new", "new with star", "old with star", "old with file"]),
    ],
)
def test_filters(browser_client: Client, inbox: Folder, query: str, expected: list[str]) -> None:
    now = timezone.now()
    files = [("a.txt", "text/csv", b"1,2")]
    put(inbox, letter("new"), at=now)
    put(inbox, letter("new with star"), at=now - timedelta(1), flags=STARRED - SEEN)
    put(inbox, letter("old with star"), at=now - timedelta(2), flags=STARRED)
    put(inbox, letter("old with file", files=files), at=now - timedelta(3), flags=SEEN)
    assert subjects(read(browser_client, f"/folder/{inbox.pk}/?{query}")) == expected


def test_starred_collects_from_everywhere_but_the_bin(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    now = timezone.now()
    put(inbox, letter("here"), at=now, flags=STARRED)
    put(folders.special(user, "archive"), letter("archived"), at=now - timedelta(1), flags=STARRED)
    put(folders.special(user, "trash"), letter("thrown away"), at=now, flags=STARRED)
    assert subjects(read(browser_client, "/starred/")) == ["here", "archived"]


def test_pages_follow_without_gap_or_repetition(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    base = put(inbox, letter("0"), at=timezone.now())
    copies = []
    for number in range(1, 131):
        # Many arrive in the same moment: the cursor has to tell them apart.
        moment = base.sort_at - timedelta(minutes=number // 7)
        copies.append(
            Message(
                user=user, folder=inbox, blob=base.blob, sort_at=moment, size=1, subject=str(number)
            )
        )
    Message.objects.bulk_create(copies)
    address, seen, pages = f"/folder/{inbox.pk}/", [], 0
    while address:
        page = read(browser_client, address, "rows")
        seen += subjects(page)
        more = re.search(r'data-more><a[^>]* href="([^"]+)"', page)
        address, pages = (more[1].replace("&amp;", "&") if more else ""), pages + 1
    assert pages == 3
    assert len(seen) == 131
    assert sorted(seen, key=int) == [str(number) for number in range(131)]


def test_search_finds_words_operators_and_says_what_it_understood(
    browser_client: Client, mailbox: Mailbox
) -> None:
    while indexing.index_batch():
        pass
    page = read(browser_client, "/search/?q=ladder")
    assert subjects(page) == ["Sunday"]
    page = read(browser_client, "/search/?q=from:ruth+is:starred")
    assert subjects(page) == ["Hotel block confirmed"]
    assert "from “ruth”" in page
    assert "starred" in page
    assert "No message matches" in read(browser_client, "/search/?q=nonexistingword")
    assert browser_client.get("/search/?q=+").status_code == 302


def test_deleted_mail_is_found_only_when_asked_for(browser_client: Client, user: User) -> None:
    put(folders.special(user, "trash"), letter("Thrown parsnips"), at=timezone.now())
    while indexing.index_batch():
        pass
    assert subjects(read(browser_client, "/search/?q=parsnips")) == []
    assert subjects(read(browser_client, "/search/?q=parsnips+in:trash")) == ["Thrown parsnips"]


def test_hostile_text_stays_text(browser_client: Client, inbox: Folder) -> None:
    nasty = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    put(
        inbox,
        letter(f"S{nasty}", sender=f'"{nasty[2:]}" <a@b.test>', text=nasty),
        at=timezone.now(),
    )
    folders.create(inbox.user, parent=None, name=f"F{nasty}")
    page = read(browser_client, "/")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_part_is_only_that_part(browser_client: Client, mailbox: Mailbox) -> None:
    assert "<html" not in read(browser_client, "/", "list")
    rows = read(browser_client, "/", "rows")
    assert "<h1" not in rows
    assert "Lease for" in rows


def test_news_are_silent_until_something_changes(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    page = read(browser_client, "/")
    version = re.search(r'data-version="(\d+)"', page)
    assert version
    address = f"/mail/news/?in=all&version={version[1]}"
    assert browser_client.get(address).status_code == 204
    message = put(inbox, letter("Fresh"), at=timezone.now())
    news = browser_client.get(address).json()
    assert subjects(news["rows"]) == ["Fresh"]
    assert news["counts"][str(inbox.pk)] == 1
    assert news["counts"]["all"] == 1
    assert news["total"] == 1
    assert str(message.pk) in news["rows"]
    again = browser_client.get(f"/mail/news/?in=all&version={news['version']}")
    assert again.status_code == 204


def test_few_queries_however_full(
    browser_client: Client,
    user: User,
    inbox: Folder,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    base = put(inbox, letter("0"), at=timezone.now())
    rows = [
        Message(
            user=user,
            folder=inbox,
            blob=base.blob,
            sort_at=base.sort_at - timedelta(minutes=number),
            size=1,
            subject=str(number),
        )
        for number in range(1000)
    ]
    Message.objects.bulk_create(rows)
    for number in range(60):
        folders.ensure_path(user, [f"Folder {number % 10}", f"Sub {number}"])
    for address in (
        "/",
        f"/folder/{inbox.pk}/",
        "/starred/",
        "/search/?q=x",
        f"/message/{base.pk}/",
    ):
        browser_client.get(address)
        # Beside the list, what is open: its conversation, its sender, what was written in it.
        with django_assert_max_num_queries(15 if address.startswith("/message/") else 10):
            assert browser_client.get(address).status_code == 200


def test_strangers_are_sent_to_sign_in(client: Client, db: None) -> None:
    for address in ("/", "/starred/", "/folder/1/", "/search/?q=x", "/mail/news/", "/message/1/"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/")


def test_density_is_the_users(browser_client: Client, user: User, mailbox: Mailbox) -> None:
    assert "list--compact" not in read(browser_client, "/")
    User.objects.filter(pk=user.pk).update(density="compact")
    assert "list--compact" in read(browser_client, "/")
