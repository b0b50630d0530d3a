from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from accounts.models import User
from filtering.screen import Screen
from filtering.services import deliver as door
from filtering.services.deliver import Incoming
from mailstore.models import Blob, Folder, Message, Segment, Source
from mailstore.services import blobs, folders
from mailstore.services.checking import check
from protocols.body import Body
from tests.mail import NOW, letter, mixed, put

SPAM = letter("Prize", extra="X-Spam-Flag: YES\n")


def test_one_row_each_in_order_exactly_as_received(user: User, inbox: Folder) -> None:
    raws = [letter("one"), mixed(), b"\x00\xff no mail at all", letter("one")]
    rows = put(inbox, *raws)
    assert [blobs.read(row.blob) for row in rows] == raws
    assert [row.pk for row in rows] == sorted(row.pk for row in rows)
    assert rows[0].blob == rows[3].blob
    assert (rows[0].subject, rows[0].from_name, rows[0].size) == ("one", "Ada Berg", len(raws[0]))
    assert rows[1].has_attachments
    assert {row.modseq for row in rows} == {1}
    inbox.refresh_from_db()
    assert (inbox.total, inbox.unread, inbox.size) == (4, 4, sum(map(len, raws)))


def test_flags_source_and_dates_come_along(user: User, inbox: Folder) -> None:
    source = Source.objects.create(user=user, name="Work")
    moment = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    flags = frozenset({"\\Seen", "\\Flagged", "Label", "\\Recent"})
    (row,) = put(inbox, letter(), internal_at=moment, flags=flags, source=source, backfill=True)
    row.refresh_from_db()
    assert (row.is_seen, row.is_flagged, row.keywords) == (True, True, ["Label"])
    assert (row.sort_at, row.source, row.is_backfill) == (moment, source, True)
    inbox.refresh_from_db()
    assert (inbox.total, inbox.unread) == (1, 0)


WRITTEN = "Mon, 2 Feb 2026 10:00:00 +0000"
RECEIVED = "Received: by x; Tue, 3 Feb 2026 10:00:00 +0000\n"
KNOWN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("internal", "extra", "date", "arrived"),
    [
        (KNOWN, RECEIVED, WRITTEN, KNOWN),
        (None, RECEIVED, WRITTEN, datetime(2026, 2, 3, 10, tzinfo=UTC)),
        (None, "", WRITTEN, datetime(2026, 2, 2, 10, tzinfo=UTC)),
        (None, "", "never", NOW),
        (None, "", "Mon, 2 Feb 2126 10:00:00 +0000", NOW + timedelta(days=1)),
        (datetime(1901, 1, 1, tzinfo=UTC), "", "never", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_when_it_arrived(
    inbox: Folder, internal: datetime | None, extra: str, date: str, arrived: datetime
) -> None:
    (row,) = put(inbox, letter(extra=extra, date=date), internal_at=internal)
    assert row.sort_at == arrived


@pytest.mark.accept("A197")
def test_screening_runs_when_it_is_on_and_not_at_all_when_off(user: User, inbox: Folder) -> None:
    junk = folders.special(user, "junk")
    screened, plain = put(inbox, SPAM, letter(), screen=Screen.ALL)
    (unscreened,) = put(inbox, SPAM, screen=Screen.NOTHING)
    assert (screened.folder, plain.folder, unscreened.folder) == (junk, inbox, inbox)
    assert check().is_sound


def test_receivers_may_differ_within_a_batch(user: User, other_user: User, inbox: Folder) -> None:
    theirs = folders.special(other_user, "inbox")
    body = Body.of(letter("both"))
    rows = door.deliver([Incoming(body, inbox), Incoming(body, theirs)], now=NOW)
    assert [row.user for row in rows] == [user, other_user]
    assert Blob.objects.count() == 1
    assert check().is_sound


def test_nothing_is_filed_if_the_transaction_ends_badly(inbox: Folder, blob_dir: Path) -> None:
    prepared = door.prepare([Incoming(Body.of(letter()), inbox)], now=NOW)
    assert list(blob_dir.rglob("*.seg"))

    class Trouble(Exception):
        pass

    with pytest.raises(Trouble), transaction.atomic():
        door.file(prepared)
        raise Trouble
    assert (Message.objects.count(), Blob.objects.count(), Segment.objects.count()) == (0, 0, 0)
    # The bytes still lie there, so the same preparation can be filed after all.
    with transaction.atomic():
        (row,) = door.file(prepared)
    assert blobs.read(row.blob) == letter()


def test_a_large_message_is_filed_by_its_beginning(inbox: Folder) -> None:
    raw = mixed(data=b"x" * 12_000_000)
    (row,) = put(inbox, raw)
    assert row.snippet == "plain words"
    assert row.has_attachments
    assert blobs.body(row.blob).sha256 == Body.of(raw).sha256


def test_an_empty_batch_is_nothing(inbox: Folder, blob_dir: Path) -> None:
    assert door.deliver([], now=NOW) == []
    assert not blob_dir.exists()
