from __future__ import annotations

import pytest

from accounts.models import User
from mailstore.models import Folder, FolderRole, Message, Source
from mailstore.services import folders
from mailstore.services.checking import check
from mailstore.services.folders import FolderRefused
from tests.mail import letter, put


def shown(user: User) -> list[str]:
    def lines(nodes: list[folders.FolderNode]) -> list[str]:
        out: list[str] = []
        for node in nodes:
            out += ["  " * node.depth + node.folder.name, *lines(node.children)]
        return out

    return lines(folders.tree(user))


def test_everyone_has_six_folders_once(user: User) -> None:
    again = folders.provision(user)
    assert [folder.role for folder in again] == [
        role for role in FolderRole if role != FolderRole.SNOOZED
    ]
    assert Folder.objects.filter(user=user).count() == 6
    assert shown(user) == ["Inbox", "Drafts", "Sent", "Archive", "Junk", "Deleted Items"]


def test_a_special_folder_gives_way_to_a_name_that_is_taken(user: User) -> None:
    Folder.objects.filter(user=user, role="junk").delete()
    folders.create(user, parent=None, name="Junk")
    assert folders.special(user, "junk").name == "Junk 2"


def test_a_path_is_made_step_by_step(user: User) -> None:
    source = Source.objects.create(user=user, name="Work")
    first = folders.ensure_path(user, ["Work", "2026", "A/B"], source=source)
    assert first == folders.ensure_path(user, ["Work", "2026", "A/B"])
    assert [step.name for step in folders.path(first)] == ["Work", "2026", "A/B"]
    assert first.source == source
    assert folders.ensure_path(user, ["work"]) != folders.ensure_path(user, ["Work"])


def test_a_path_keeps_folders_of_others_apart(user: User, other_user: User) -> None:
    mine, theirs = (folders.ensure_path(one, ["Same"]) for one in (user, other_user))
    assert mine != theirs


def test_names_are_cleaned_and_needed(user: User) -> None:
    made = folders.create(user, parent=None, name=" a\x00b\n\u202ec ")
    assert made.name == "ab c"
    with pytest.raises(FolderRefused):
        folders.create(user, parent=None, name=" \t")
    with pytest.raises(FolderRefused):
        folders.create(user, parent=None, name="ab c")
    with pytest.raises(FolderRefused):
        folders.ensure_path(user, ["x"] * 101)


def test_rename_and_move(user: User) -> None:
    outer = folders.create(user, parent=None, name="Outer")
    inner = folders.create(user, parent=outer, name="Inner")
    folders.rename(inner, "Core")
    folders.move(inner, None)
    assert shown(user)[-2:] == ["Core", "Outer"]
    folders.move(outer, inner)
    with pytest.raises(FolderRefused):
        folders.move(inner, outer)
    with pytest.raises(FolderRefused):
        folders.rename(folders.special(user, "inbox"), "Else")


def test_delete_keeps_the_mail(user: User, bin_: Folder) -> None:
    outer = folders.create(user, parent=None, name="Outer")
    inner = folders.create(user, parent=outer, name="Inner")
    put(outer, letter("a"))
    put(inner, letter("b"), letter("c"), flags=frozenset({"\\Seen"}))
    folders.delete(outer)
    assert Message.objects.filter(folder=bin_).count() == 3
    assert shown(user) == ["Inbox", "Drafts", "Sent", "Archive", "Junk", "Deleted Items"]
    assert check().is_sound
    with pytest.raises(FolderRefused):
        folders.delete(bin_)


def test_empty_and_mark_all_read(user: User, inbox: Folder, bin_: Folder) -> None:
    put(inbox, letter("a"), letter("b"))
    put(bin_, letter("c"), letter("d"))
    assert folders.mark_all_read(inbox) == 2
    assert folders.empty(bin_) == 2
    with pytest.raises(FolderRefused):
        folders.empty(inbox)
    inbox.refresh_from_db()
    bin_.refresh_from_db()
    assert (inbox.total, inbox.unread, bin_.total, bin_.unread, bin_.size) == (2, 0, 0, 0, 0)
    assert check().is_sound
