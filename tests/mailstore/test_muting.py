"""New mail of a muted conversation goes past the inboxes."""

from __future__ import annotations

import pytest

from accounts.models import User
from mailstore.models import Folder, FolderRole, Source, Thread
from mailstore.services import folders
from mailstore.services.checking import check
from tests.mail import NOW, put
from tests.mailstore.threads import naming, one

BOTH = "Mara Lind <mara@example.test>, Bo <bo@example.test>"


@pytest.fixture
def muted(inbox: Folder) -> Thread:
    put(inbox, naming("a"))
    Thread.objects.update(muted_at=NOW)
    return Thread.objects.get()


@pytest.fixture
def archive(user: User) -> Folder:
    return folders.special(user, FolderRole.ARCHIVE)


def test_to_several_it_is_archived(inbox: Folder, archive: Folder, muted: Thread) -> None:
    row = one(inbox, naming("b", "a", to=BOTH))
    assert (row.folder, row.thread, row.is_seen) == (archive, muted, False)
    assert check().is_sound


def test_to_a_list_it_is_archived(inbox: Folder, archive: Folder, muted: Thread) -> None:
    to_list = naming("b", "a", to="list@example.test", extra="List-Id: <list.example.test>\n")
    assert one(inbox, to_list).folder == archive


def test_to_its_reader_alone_it_arrives(inbox: Folder, muted: Thread) -> None:
    assert one(inbox, naming("b", "a")).folder == inbox


def test_of_other_conversations_it_arrives(inbox: Folder, muted: Thread) -> None:
    assert one(inbox, naming("b", to=BOTH)).folder == inbox


def test_unmuted_it_arrives(inbox: Folder, muted: Thread) -> None:
    Thread.objects.update(muted_at=None)
    assert one(inbox, naming("b", "a", to=BOTH)).folder == inbox


def test_what_an_account_brings_is_archived_and_what_is_sorted_is_not(
    user: User, archive: Folder, muted: Thread
) -> None:
    source = Source.objects.create(user=user, name="Gmail")
    top = folders.ensure_path(user, ["Gmail"], source=source)
    below = folders.ensure_path(user, ["Gmail", "Receipts"], source=source)
    own = folders.ensure_path(user, ["Studio"])
    assert one(top, naming("b", "a", to=BOTH)).folder == archive
    assert one(below, naming("c", "a", to=BOTH)).folder == below
    assert one(own, naming("d", "a", to=BOTH)).folder == own


def test_old_mail_that_is_fetched_lies_where_it_lay(inbox: Folder, muted: Thread) -> None:
    assert one(inbox, naming("b", "a", to=BOTH), backfill=True).folder == inbox
