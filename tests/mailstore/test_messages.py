from __future__ import annotations

import pytest

from accounts.models import User
from mailstore.models import Folder, Message
from mailstore.services import folders, messages
from mailstore.services.checking import check
from tests.mail import letter, put


def counters(folder: Folder) -> tuple[int, int]:
    folder.refresh_from_db()
    return folder.total, folder.unread


def test_flags_are_columns_or_keywords() -> None:
    fields = messages.flag_fields({"\\Seen", "\\flagged", "\\Recent", "$Forwarded", "Work"})
    assert fields == {
        "is_seen": True,
        "is_flagged": True,
        "is_forwarded": True,
        "keywords": ["Work"],
    }
    row = Message(is_seen=True, is_forwarded=True, keywords=["Work"])
    assert messages.flags_of(row) == ["\\Seen", "$Forwarded", "Work"]


def test_flags_change_counters_once(user: User, inbox: Folder) -> None:
    rows = put(inbox, *(letter(f"{number}") for number in range(4)))
    ids = [row.pk for row in rows]
    modseq = Message.objects.get(pk=ids[0]).modseq
    assert messages.set_flags(user, ids[:3], seen=True) == 3
    assert messages.set_flags(user, ids[:3], seen=True) == 0
    assert counters(inbox) == (4, 1)
    assert Message.objects.get(pk=ids[0]).modseq > modseq
    assert messages.set_flags(user, ids[:2], seen=False, flagged=True, answered=True) == 2
    assert counters(inbox) == (4, 3)
    row = Message.objects.get(pk=ids[0])
    assert (row.is_seen, row.is_flagged, row.is_answered) == (False, True, True)


def test_move_and_trash(user: User, inbox: Folder, bin_: Folder) -> None:
    rows = put(inbox, letter("a"), letter("b"), letter("c"))
    ids = [row.pk for row in rows]
    archive = folders.special(user, "archive")
    assert messages.move(user, ids[:2], archive) == 2
    assert messages.move(user, ids[:2], archive) == 0
    assert counters(archive) == (2, 2)
    assert messages.trash(user, ids) == 3
    assert counters(bin_) == (3, 3)
    assert messages.trash(user, ids[:1]) == 1
    assert not Message.objects.filter(pk=ids[0]).exists()
    assert counters(bin_) == (2, 2)
    assert check().is_sound


def test_other_peoples_messages_stay(user: User, other_user: User, inbox: Folder) -> None:
    ids = [row.pk for row in put(inbox, letter("mine"))]
    theirs = folders.special(other_user, "inbox")
    assert messages.set_flags(other_user, ids, seen=True, flagged=True) == 0
    assert messages.move(other_user, ids, theirs) == 0
    assert messages.trash(other_user, ids) == 0
    assert messages.remove(other_user, ids) == 0
    with pytest.raises(ValueError, match="someone else"):
        messages.move(user, ids, theirs)
    row = Message.objects.get(pk=ids[0])
    assert (row.folder, row.is_seen) == (inbox, False)


def test_check_finds_and_repairs_false_counters(user: User, inbox: Folder) -> None:
    put(inbox, letter("a"))
    Folder.objects.filter(pk=inbox.pk).update(total=7, unread=-1)
    assert not check().is_sound
    assert check(repair=True).repaired
    assert check().is_sound
    assert counters(inbox) == (1, 1)
