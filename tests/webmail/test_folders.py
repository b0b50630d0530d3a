"""Folders on the mail screen."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from mailstore.models import Folder, Message, Source
from mailstore.services import folders
from tests.webmail.samples import letter, put
from webmail import tree

HTMX = {"HX-Request": "true"}


def test_making_and_renaming(browser_client: Client, user: User) -> None:
    answer = browser_client.post("/folder/new/", {"name": "Projects"})
    made = Folder.objects.get(user=user, name="Projects")
    assert answer["Location"] == reverse("mail-folder", args=[made.pk])
    answer = browser_client.post("/folder/new/", {"name": "2026 / Q4", "parent": made.pk})
    assert Folder.objects.get(name="2026 / Q4").parent == made
    answer = browser_client.post("/folder/new/", {"name": "Projects"}, headers=HTMX)
    assert answer.status_code == 422
    assert "already a folder" in answer.content.decode()
    assert 'value="Projects"' in answer.content.decode()
    answer = browser_client.post(f"/folder/{made.pk}/menu/", {"name": "Work"}, headers=HTMX)
    assert answer["HX-Redirect"] == reverse("mail-folder", args=[made.pk])
    assert Folder.objects.get(pk=made.pk).name == "Work"
    answer = browser_client.post(f"/folder/{made.pk}/menu/", {"name": " "})
    assert answer.status_code == 422
    assert Folder.objects.get(pk=made.pk).name == "Work"


def test_special_folders_stay(browser_client: Client, inbox: Folder) -> None:
    assert browser_client.post(f"/folder/{inbox.pk}/menu/", {"name": "X"}).status_code == 422
    answer = browser_client.post(f"/folder/{inbox.pk}/delete/", follow=True)
    assert "stays as it is" in answer.content.decode()
    answer = browser_client.post(f"/folder/{inbox.pk}/empty/", follow=True)
    assert "Only Junk and Deleted Items" in answer.content.decode()
    assert Folder.objects.filter(pk=inbox.pk).exists()
    page = browser_client.get(f"/folder/{inbox.pk}/menu/").content.decode()
    assert "Delete this folder" not in page
    assert "Rename" not in page


def test_deleting_keeps_the_mail(browser_client: Client, user: User) -> None:
    folder = folders.ensure_path(user, ["Old", "Older"])
    message = put(folder, letter("Kept"), at=timezone.now())
    top = Folder.objects.get(name="Old")
    page = browser_client.get(f"/folder/{top.pk}/delete/").content.decode()
    assert "1 message in it moves to Deleted Items" in page
    browser_client.post(f"/folder/{top.pk}/delete/")
    assert Message.objects.get(pk=message.pk).folder.role == "trash"
    assert not Folder.objects.filter(name__startswith="Old").exists()


def test_emptying_and_marking_read(browser_client: Client, user: User, inbox: Folder) -> None:
    bin_ = folders.special(user, "trash")
    for number in range(3):
        put(bin_, letter(f"x{number}"), at=timezone.now())
        put(inbox, letter(f"y{number}"), at=timezone.now())
    assert "Remove for good" in browser_client.get(f"/folder/{bin_.pk}/empty/").content.decode()
    assert Message.objects.filter(folder=bin_).count() == 3
    browser_client.post(f"/folder/{bin_.pk}/empty/")
    assert not Message.objects.filter(folder=bin_).exists()
    browser_client.post(f"/folder/{inbox.pk}/read/")
    assert not Message.objects.filter(folder=inbox, is_seen=False).exists()
    assert browser_client.get(f"/folder/{inbox.pk}/read/").status_code == 405


def test_folders_of_others_are_not_found(
    browser_client: Client, other_user: User, client_for: Callable[[User], Client]
) -> None:
    theirs = folders.create(other_user, parent=None, name="Theirs")
    for address in ("", "menu/", "delete/", "empty/"):
        assert browser_client.get(f"/folder/{theirs.pk}/{address}").status_code == 404
    for address in ("menu/", "delete/", "empty/", "read/"):
        answer = browser_client.post(f"/folder/{theirs.pk}/{address}", {"name": "Mine"})
        assert answer.status_code == 404
    values = {"name": "Under theirs", "parent": theirs.pk}
    assert browser_client.post("/folder/new/", values).status_code == 404
    assert b"Theirs" not in browser_client.get("/mail/tree/").content
    assert Folder.objects.get(pk=theirs.pk).name == "Theirs"


def test_the_tree_shows_counts_colours_and_order(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    source = Source.objects.create(user=user, name="Gmail", color=4)
    fed = folders.ensure_path(user, ["Gmail"], source=source)
    put(fed, letter("new"), at=timezone.now())
    put(folders.special(user, "drafts"), letter("brought draft"), at=timezone.now())
    page = browser_client.get("/mail/tree/").content.decode()
    order = [
        "All inboxes",
        "Inbox",
        "Starred",
        "Drafts",
        "Sent",
        "Archive",
        "Junk",
        "Deleted Items",
    ]
    places = [page.index(f">{name}</span>") for name in [*order, "Gmail"]]
    assert places == sorted(places)
    assert 'class="dot a4" title="Gmail"' in page
    assert f'data-count="{fed.pk}">1</span>' in page


def test_the_tree_survives_orphans_and_circles() -> None:
    """Rows as damage would leave them: nothing is lost, nothing hangs."""
    lost = Folder(pk=1, name="Lost", parent_id=99)
    one, two = Folder(pk=2, name="One", parent_id=3), Folder(pk=3, name="Two", parent_id=2)
    built = tree.build([lost, one, two])
    assert {node.folder.pk for node in built.own} == {1, 2, 3}


def test_what_lies_under_a_folder_put_aside_is_aside() -> None:
    folders_ = [
        Folder(pk=1, name="Sent", role="sent", unread=1),
        Folder(pk=2, name="2019", parent_id=1, unread=2),
        Folder(pk=3, name="Gmail", unread=4),
        Folder(pk=4, name="Spam", parent_id=3, unread=8),
        Folder(pk=5, name="Old", parent_id=4, unread=16),
        Folder(pk=6, name="Inbox", role="inbox", unread=32),
    ]
    assert tree.build(folders_, aside=[4]).unread == 4 + 32
