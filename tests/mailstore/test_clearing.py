from __future__ import annotations

import pytest

from accounts.models import User
from mailstore.models import Folder, Message
from mailstore.services import clearing, folders
from mailstore.services.checking import check
from mailstore.services.folders import FolderRefused
from tests.mail import letter, put

SEEN = frozenset({"\\Seen"})


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at a time, so that few messages make several batches."""
    monkeypatch.setattr(clearing, "BATCH", 2)


def where(user: User) -> dict[str, str]:
    rows = Message.objects.filter(user=user).select_related("folder__parent")
    return {row.subject: row.folder.name for row in rows}


def test_a_deleted_folder_comes_back_with_all_in_it(user: User, bin_: Folder) -> None:
    outer = folders.create(user, parent=None, name="Outer")
    inner = folders.create(user, parent=outer, name="Inner")
    folders.look(inner, color=4, is_favourite=True)
    put(outer, letter("a"), letter("b"), letter("c"))
    put(inner, letter("d"), letter("e"), flags=SEEN)
    before = where(user)
    gone = clearing.delete(outer)
    assert set(where(user).values()) == {bin_.name}
    assert not Folder.objects.filter(name__in=["Outer", "Inner"]).exists()
    assert check().is_sound
    clearing.restore(user, gone)
    assert where(user) == before
    again = Folder.objects.get(name="Inner")
    assert again.parent == Folder.objects.get(name="Outer")
    assert (again.color, again.is_favourite) == (4, True)
    assert check().is_sound


def test_a_folder_made_meanwhile_takes_the_mail_back(user: User) -> None:
    folder = folders.create(user, parent=None, name="Work")
    put(folder, letter("a"))
    gone = clearing.delete(folder)
    other = folders.create(user, parent=None, name="Work")
    clearing.restore(user, gone)
    assert Message.objects.get(subject="a").folder == other


def test_what_every_mailbox_has_stays(user: User, inbox: Folder, bin_: Folder) -> None:
    with pytest.raises(FolderRefused):
        clearing.delete(bin_)
    with pytest.raises(FolderRefused):
        clearing.empty(inbox, upto=9, batches=1)


def test_emptying_goes_by_batches_and_spares_what_comes_later(user: User, bin_: Folder) -> None:
    put(bin_, *(letter(f"{number}") for number in range(5)))
    upto = clearing.newest(bin_)
    put(bin_, letter("later"))
    assert clearing.empty(bin_, upto=upto, batches=1) == 3
    assert clearing.empty(bin_, upto=upto, batches=9) == 0
    assert where(user) == {"later": bin_.name}
    assert check().is_sound


def test_marking_all_read_names_what_changed(user: User, inbox: Folder) -> None:
    put(inbox, letter("read"), flags=SEEN)
    new = put(inbox, letter("a"), letter("b"), letter("c"))
    assert clearing.mark_all_read(inbox) == [one.pk for one in new]
    inbox.refresh_from_db()
    assert (inbox.total, inbox.unread) == (4, 0)
    assert clearing.mark_all_read(inbox) == []
