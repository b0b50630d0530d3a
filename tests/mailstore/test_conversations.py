"""What lists and the reading pane see of conversations."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from mailstore import conversations
from mailstore.conversations import heads, messages_of
from mailstore.models import Folder, FolderRole, Message
from mailstore.services import folders, messages
from tests.mail import NOW, letter, put
from tests.mailstore.threads import naming, one


@pytest.fixture
def archive(user: User) -> Folder:
    return folders.special(user, FolderRole.ARCHIVE)


def at(folder: Folder, raw: bytes, minutes: int, **flags: bool) -> Message:
    """File a message that came so many minutes before now."""
    row = one(folder, raw)
    moment = NOW - timedelta(minutes=minutes)
    Message.objects.filter(pk=row.pk).update(sort_at=moment, **flags)
    return Message.objects.select_related("folder").get(pk=row.pk)


def test_of_each_conversation_the_newest_stands_in_the_list(inbox: Folder, archive: Folder) -> None:
    at(inbox, naming("a"), 50)
    alone = at(inbox, letter("Alone"), 40)
    newest = at(inbox, naming("b", "a"), 30)
    at(archive, naming("c", "b"), 20)
    here = Message.objects.filter(folder=inbox)
    assert set(heads(here, here)) == {newest, alone}
    everywhere = Message.objects.filter(user=inbox.user)
    assert len(heads(everywhere, everywhere)) == 2
    assert newest not in heads(everywhere, everywhere)


def test_at_the_same_moment_one_stands_for_all(inbox: Folder) -> None:
    rows = [at(inbox, naming(own, "root"), 5) for own in "abc"]
    here = Message.objects.filter(folder=inbox)
    assert list(heads(here, here)) == [rows[-1]]


def test_what_waits_for_its_conversation_stands_alone(inbox: Folder) -> None:
    put(inbox, naming("a"), naming("b", "a"), backfill=True)
    here = Message.objects.filter(folder=inbox)
    assert heads(here, here).count() == 2


def test_filters_choose_among_what_passes_them(inbox: Folder) -> None:
    unread = at(inbox, naming("a"), 50)
    at(inbox, naming("b", "a"), 40, is_seen=True)
    some = Message.objects.filter(folder=inbox, is_seen=False)
    assert list(heads(some, some)) == [unread]


def test_what_a_line_says(user: User, inbox: Folder, archive: Folder) -> None:
    first = at(inbox, naming("a"), 50, is_seen=True, is_flagged=True)
    at(archive, naming("b", "a", sender="Bo <bo@x.test>"), 40, has_attachments=True)
    at(inbox, naming("c", "a", sender="Cy <cy@x.test>"), 30)
    at(inbox, naming("d", "a"), 20, is_seen=True)
    thread = first.thread_id or 0
    found = conversations.about(user, [thread], folders={inbox.pk})[thread]
    assert (found.total, found.unread, found.flagged) == (4, 1, 1)
    assert found.has_attachments
    assert [(who.name, who.is_unread) for who in found.names] == [
        ("Bo", True), ("Cy", True), ("Ada Berg", False)
    ]  # fmt: skip
    assert conversations.about(user, [thread])[thread].unread == 2
    assert conversations.about(user, []) == {}


def test_copies_count_once_and_thrown_mail_not_at_all(
    user: User, inbox: Folder, archive: Folder, bin_: Folder
) -> None:
    first = at(inbox, naming("a"), 50)
    copy = at(archive, naming("a"), 50)
    gone = at(bin_, naming("b", "a"), 40)
    thread = first.thread_id or 0
    assert conversations.about(user, [thread])[thread].total == 1
    assert conversations.about(user, [thread], folders={bin_.pk})[thread].total == 2
    assert [row.pk for row in messages_of(user, first)] == [first.pk]
    assert [row.pk for row in messages_of(user, copy)] == [copy.pk]
    assert gone in messages_of(user, gone)


def test_where_there_is_too_much_to_read_the_database_counts(
    user: User, inbox: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = at(inbox, naming("a"), 50)
    for number in range(4):
        at(inbox, naming(f"{number}", "a", sender=f"P{number} <p{number}@x.test>"), number)
    thread = first.thread_id or 0
    read = conversations.about(user, [thread])[thread]
    monkeypatch.setattr(conversations, "MAX_ROWS", 3)
    assert conversations.about(user, [thread])[thread] == read


def test_a_stranger_hides_nobodys_mail_behind_a_known_message_id(user: User, inbox: Folder) -> None:
    mine = at(inbox, naming("a"), 50)
    forged = at(inbox, naming("a", sender="Eve <eve@evil.test>"), 40)
    assert [row.pk for row in messages_of(user, mine)] == [mine.pk, forged.pk]
    same_look = at(inbox, naming("a").replace(b"a of ()", b"a of ()" + b" " * 300 + b"x"), 30)
    assert mine in messages_of(user, mine)
    assert mine in messages_of(user, forged)
    assert same_look in messages_of(user, same_look)


def test_of_a_very_long_conversation_the_newest_and_the_opened_are_shown(
    user: User, inbox: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "MAX_SHOWN", 3)
    rows = [at(inbox, naming(f"{number}", "root"), 50 - number) for number in range(6)]
    shown = [row.pk for row in messages_of(user, rows[0])]
    assert shown == [rows[0].pk, *(row.pk for row in rows[3:])]


def test_other_peoples_conversations_are_not_told_of(
    user: User, other_user: User, inbox: Folder
) -> None:
    row = at(inbox, naming("a"), 5)
    assert conversations.about(other_user, [row.thread_id or 0]) == {}
    messages.remove(user, [row.pk])
    assert conversations.about(user, [row.thread_id or 0]) == {}
