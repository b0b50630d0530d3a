"""Another entry of a message that is stored already."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from filtering.services import deliver as door
from filtering.services.deliver import BytesGoneError, Known
from mailstore.models import Blob, Folder, Message, Source
from mailstore.services import blobs, folders, indexing, messages
from mailstore.services.checking import check
from mailstore.services.sweeping import sweep
from tests.mail import letter, mixed, put

MOMENT = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
DERIVED = ("subject", "from_name", "from_address", "to_text", "snippet", "size", "has_attachments")


def copied(*known: Known) -> list[Message]:
    with transaction.atomic():
        return door.copy(known)


def test_a_copy_says_the_same_and_shares_the_bytes(user: User, inbox: Folder) -> None:
    archive = folders.special(user, "archive")
    source = Source.objects.create(user=user, name="Work")
    old = put(inbox, mixed(), letter("two", extra="References: <a@x> <b@x>\n"))
    flags = frozenset({"\\Seen", "Label"})
    new = copied(
        Known(old[0], archive, internal_at=MOMENT, flags=flags, source=source, backfill=True),
        Known(old[1], archive),
    )
    assert [row.pk for row in new] == list(
        Message.objects.filter(folder=archive).order_by("pk").values_list("pk", flat=True)
    )
    for before, after in zip(
        old, Message.objects.filter(folder=archive).order_by("pk"), strict=True
    ):
        assert [getattr(after, name) for name in DERIVED] == [
            getattr(before, name) for name in DERIVED
        ]
        assert (after.references, after.message_id) == (before.references, before.message_id)
        assert after.blob_id == before.blob_id
    first, second = Message.objects.filter(folder=archive).order_by("pk")
    assert (first.sort_at, first.is_seen, first.keywords) == (MOMENT, True, ["Label"])
    assert (first.source, first.is_backfill) == (source, True)
    assert (second.sort_at, second.is_seen, second.source) == (old[1].sort_at, False, None)
    assert Blob.objects.count() == 2
    archive.refresh_from_db()
    assert (archive.total, archive.unread, archive.modseq) == (2, 1, 1)
    assert check().is_sound


def test_a_copy_is_found_by_search_too(user: User, inbox: Folder) -> None:
    (old,) = put(inbox, letter("needle"))
    indexing.index_waiting(seconds=30)
    (new,) = copied(Known(old, folders.special(user, "archive")))
    assert not Message.objects.get(pk=new.pk).is_indexed


def test_nobody_gets_a_copy_of_somebody_elses_mail(other_user: User, inbox: Folder) -> None:
    (old,) = put(inbox, letter())
    with pytest.raises(ValueError, match="someone else"):
        copied(Known(old, folders.special(other_user, "inbox")))
    assert Message.objects.count() == 1


def test_a_message_removed_here_can_be_copied_while_its_bytes_are_kept(
    user: User, inbox: Folder
) -> None:
    (old,) = put(inbox, letter())
    held = Message.objects.get(pk=old.pk)
    messages.remove(user, [old.pk])
    (new,) = copied(Known(held, inbox))
    assert blobs.read(new.blob) == letter()
    messages.remove(user, [new.pk])
    sweep(now=timezone.now() + timedelta(days=2))
    with pytest.raises(BytesGoneError):
        copied(Known(held, inbox))
    assert Message.objects.count() == 0
    assert check().is_sound


def test_a_folder_that_is_gone_takes_nothing(user: User, inbox: Folder) -> None:
    place = Folder.objects.create(user=user, name="Gone")
    (old,) = put(inbox, letter())
    Folder.objects.filter(pk=place.pk).delete()
    with pytest.raises(Folder.DoesNotExist):
        copied(Known(old, place))
    assert check().is_sound


def test_no_copies_are_nothing(inbox: Folder, blob_dir: Path) -> None:
    assert door.copy([]) == []
