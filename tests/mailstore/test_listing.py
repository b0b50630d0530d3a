"""What narrows a list, and the text that says where a page begins."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from mailstore import listing
from mailstore.listing import Cursor, Filters
from mailstore.models import Folder, Message, Source
from mailstore.services import messages
from tests.mail import NOW, letter, mixed, put


def test_filters(user: User, inbox: Folder) -> None:
    work = Source.objects.create(user=user, name="Work")
    read, starred = put(inbox, letter("read"), letter("starred"))
    put(inbox, mixed())
    put(inbox, letter("from work"), source=work)
    messages.set_flags(user, [read.pk], seen=True)
    messages.set_flags(user, [starred.pk], flagged=True)

    def subjects(chips: Filters) -> set[str]:
        found = listing.narrowed(Message.objects.filter(folder=inbox), chips)
        return set(found.values_list("subject", flat=True))

    assert subjects(Filters()) == {"read", "starred", "Mixed", "from work"}
    assert subjects(Filters(unread=True)) == {"starred", "Mixed", "from work"}
    assert subjects(Filters(starred=True)) == {"starred"}
    assert subjects(Filters(attachments=True)) == {"Mixed"}
    assert subjects(Filters(source=work.pk)) == {"from work"}
    assert subjects(Filters(unread=True, source=work.pk)) == {"from work"}


@pytest.mark.parametrize("key", ["", "lake", "Ölé~-/ é", 77])
def test_a_cursor_travels_in_an_address(key: str | int) -> None:
    for moment in (NOW, NOW - timedelta(days=30_000), NOW + timedelta(microseconds=1)):
        cursor = Cursor(moment, 42, key)
        assert Cursor.read(str(cursor)) == Cursor(moment, 42, str(key))
        assert str(cursor).replace("~", "").replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("text", ["", "x", "1", "1-2-3-x", "9" * 40 + "-1", "-", "1.5-2", "1-2~A"])
def test_a_cursor_that_nobody_wrote_is_none(text: str) -> None:
    assert Cursor.read(text) is None
