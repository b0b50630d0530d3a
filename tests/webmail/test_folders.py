"""Folders on the mail screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connectivity.services import credentials
from mailstore.models import Folder, Message, Source
from mailstore.services import clearing, folders
from retrieval.models import RemoteFolder, RetrievalTask
from tests.webmail.samples import letter, put
from webmail import tree
from webmail.views import folders as folder_views

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


def token_of(page: str) -> str:
    """What the Undo button of a page would send."""
    return page.split('name="token" value="')[1].split('"', maxsplit=1)[0]


def test_deleting_is_undone_with_the_account_that_fed_it(
    browser_client: Client, user: User
) -> None:
    top = folders.ensure_path(user, ["Old"])
    inner = folders.ensure_path(user, ["Old", "Older"])
    message = put(inner, letter("Kept"), at=timezone.now())
    task = RetrievalTask.objects.create(
        user=user,
        source=Source.objects.create(user=user, name="Gmail"),
        credential=credentials.store(user=user, secret="a remote password"),
        type="imap",
        host="imap.example.test",
        port=993,
        security="tls",
        transfer="subfolders",
        destination=top,
    )
    remote = RemoteFolder.objects.create(task=task, raw_name=b"Older", name="Older", local=inner)
    page = browser_client.get(f"/folder/{top.pk}/delete/").content.decode()
    assert f"Mail from {task.source.name} arrives here." in page
    page = browser_client.post(f"/folder/{top.pk}/delete/", follow=True).content.decode()
    remote.refresh_from_db()
    assert remote.local is None
    browser_client.post("/mail/undo/", {"token": token_of(page)})
    message.refresh_from_db()
    task.refresh_from_db()
    remote.refresh_from_db()
    assert message.folder.name == "Older"
    assert remote.local_id == message.folder_id
    assert task.destination_id == message.folder.parent_id
    page = browser_client.get(f"/folder/{message.folder_id}/menu/").content.decode()
    assert f"Mail from {task.source.name} arrives here, under any name." in page


def test_moving_a_folder(browser_client: Client, user: User) -> None:
    one, two = (folders.create(user, parent=None, name=name) for name in ("One", "Two"))
    address = f"/folder/{two.pk}/move/"
    page = browser_client.get(address).content.decode()
    assert f'value="{one.pk}" data-name="One"' in page
    assert f'value="{two.pk}"' not in page
    assert "To the top level" not in page
    page = browser_client.post(address, {"parent": one.pk}, follow=True).content.decode()
    assert "Folder “Two” is now in “One”." in page
    assert Folder.objects.get(pk=two.pk).parent == one
    browser_client.post("/mail/undo/", {"token": token_of(page)})
    assert Folder.objects.get(pk=two.pk).parent is None
    script = {"X-Part": "json"}
    done = browser_client.post(address, {"parent": one.pk}, headers=script).json()
    assert (done["text"], bool(done["undo"])) == ("Folder “Two” is now in “One”.", True)
    refused = browser_client.post(f"/folder/{one.pk}/move/", {"parent": two.pk}, headers=script)
    assert refused.status_code == 422
    assert refused.json()["text"] == "A folder cannot be moved into itself."
    assert "To the top level" in browser_client.get(address).content.decode()
    browser_client.post(address, {"parent": ""})
    assert Folder.objects.get(pk=two.pk).parent is None


def test_how_folders_look_in_the_tree(browser_client: Client, user: User, inbox: Folder) -> None:
    old = folders.ensure_path(user, ["Old"])
    below = folders.ensure_path(user, ["Old", "Below"])
    best = folders.ensure_path(user, ["Zebra"])
    put(below, letter("x"), at=timezone.now())
    browser_client.post(f"/folder/{old.pk}/look/", {"hidden": "1"})
    browser_client.post(f"/folder/{best.pk}/look/", {"favourite": "1"})
    browser_client.post(f"/folder/{best.pk}/look/", {"color": "4"})
    browser_client.post(f"/folder/{inbox.pk}/look/", {"color": "99", "hidden": "1"})
    best.refresh_from_db()
    assert (best.color, best.is_favourite, best.is_hidden) == (4, True, False)
    page = browser_client.get("/mail/tree/").content.decode()
    assert page.index("Zebra") < page.index("All inboxes") < page.rindex("Zebra")
    assert page.index("Hidden folders") < page.index(">Old<") < page.index(">Below<")
    assert page.index("tree__item--own a4") > 0
    assert '<details class="tree__hidden">' in page
    page = browser_client.get("/mail/tree/", {"at": f"/folder/{below.pk}/"}).content.decode()
    assert '<details class="tree__hidden" open>' in page
    # Hidden is not gone: mail can be moved there.
    assert f'value="{below.pk}"' in browser_client.get("/mail/move/").content.decode()
    browser_client.post(f"/folder/{old.pk}/look/", {"hidden": "0"})
    assert "Hidden folders" not in browser_client.get("/mail/tree/").content.decode()


def test_emptying_shows_how_far_it_is(
    browser_client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clearing, "BATCH", 1)
    monkeypatch.setattr(folder_views, "AT_ONCE", 2)
    bin_ = folders.special(user, "trash")
    for number in range(5):
        put(bin_, letter(f"x{number}"), at=timezone.now())
    address = f"/folder/{bin_.pk}/empty/"
    values = {"upto": clearing.newest(bin_), "total": 5}
    put(bin_, letter("later"), at=timezone.now())
    page = browser_client.post(address, values, headers=HTMX).content.decode()
    assert "2 of 5 messages removed" in page
    page = browser_client.post(address, values, headers=HTMX).content.decode()
    assert "4 of 5 messages removed" in page
    answer = browser_client.post(address, values, headers=HTMX)
    assert answer["HX-Redirect"] == f"/folder/{bin_.pk}/"
    assert [one.subject for one in Message.objects.all()] == ["later"]


def test_marking_read_is_undone(browser_client: Client, inbox: Folder) -> None:
    for number in range(3):
        put(inbox, letter(f"y{number}"), at=timezone.now())
    answer = browser_client.post(f"/folder/{inbox.pk}/read/", follow=True)
    assert "3 messages marked read." in answer.content.decode()
    browser_client.post("/mail/undo/", {"token": token_of(answer.content.decode())})
    assert Message.objects.filter(is_seen=False).count() == 3


def test_folders_used_lately_and_new_ones(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    one, two = (put(inbox, letter(f"y{number}"), at=timezone.now()) for number in range(2))
    work = folders.create(user, parent=None, name="Work")
    page = browser_client.get("/mail/move/").content.decode()
    assert "data-recent" not in page
    # Enter in the field means the first button: what was typed, not somebody's first folder.
    assert page.index("data-create") < page.index("data-name")
    browser_client.post("/mail/action/", {"do": "move", "id": one.pk, "folder": work.pk})
    page = browser_client.get("/mail/move/").content.decode()
    assert f'value="{work.pk}" data-name="Work" data-recent' in page
    browser_client.post("/mail/action/", {"do": "move", "id": two.pk, "name": "Made here"})
    two.refresh_from_db()
    assert two.folder.name == "Made here"
    page = browser_client.get("/mail/move/").content.decode()
    assert page.index(f'value="{two.folder_id}"') < page.index(f'value="{work.pk}"')
    browser_client.post("/mail/action/", {"do": "move", "id": two.pk, "name": "Work"})
    two.refresh_from_db()
    assert two.folder == work
    snoozed = folders.special(user, "snoozed")
    values = {"do": "move", "id": two.pk, "folder": snoozed.pk}
    answer = browser_client.post("/mail/action/", values, headers={"X-Part": "json"})
    assert answer.status_code == 422
    assert "Snooze" in answer.json()["text"]


def test_folders_of_others_are_not_found(
    browser_client: Client, other_user: User, client_for: Callable[[User], Client]
) -> None:
    theirs = folders.create(other_user, parent=None, name="Theirs")
    for address in ("", "menu/", "delete/", "empty/", "move/"):
        assert browser_client.get(f"/folder/{theirs.pk}/{address}").status_code == 404
    for address in ("menu/", "delete/", "empty/", "read/", "move/", "look/"):
        answer = browser_client.post(f"/folder/{theirs.pk}/{address}", {"name": "Mine"})
        assert answer.status_code == 404
    values = {"name": "Under theirs", "parent": theirs.pk}
    assert browser_client.post("/folder/new/", values).status_code == 404
    mine = Folder.objects.filter(user__email="mara@example.test", role="archive").get()
    values = {"parent": theirs.pk}
    assert browser_client.post(f"/folder/{mine.pk}/move/", values).status_code == 404
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
