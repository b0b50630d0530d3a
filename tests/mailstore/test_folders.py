from __future__ import annotations

import pytest

from accounts.models import User
from mailstore.models import Folder, FolderRole, Source
from mailstore.services import folders
from mailstore.services.folders import FolderRefused


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


def test_a_folder_cannot_come_under_itself_by_two_moves_at_once(user: User) -> None:
    """Both were asked before either was done: what is known of a folder may be old."""
    one = folders.create(user, parent=None, name="One")
    two = folders.create(user, parent=None, name="Two")
    folders.move(Folder.objects.get(pk=two.pk), one)
    with pytest.raises(FolderRefused):
        folders.move(one, two)
    assert shown(user)[-2:] == ["One", "  Two"]


def test_how_a_folder_looks(user: User, inbox: Folder) -> None:
    own = folders.create(user, parent=None, name="Own")
    folders.look(own, color=3, is_favourite=True, is_hidden=True)
    folders.look(inbox, color=2, is_hidden=True)
    own.refresh_from_db()
    inbox.refresh_from_db()
    assert (own.color, own.is_favourite, own.is_hidden) == (3, True, True)
    assert (inbox.color, inbox.is_hidden) == (2, False)
    assert own.modseq > 0
