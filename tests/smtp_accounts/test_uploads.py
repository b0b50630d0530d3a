"""Files that come in pieces: cut, repeated, out of order, at once, too long, given up."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from accounts.models import User
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts.models import Draft, DraftAttachment, DraftUpload
from smtp_accounts.services import drafts, identities, sizes, uploads
from smtp_accounts.services.uploads import BusyError, GoneError, OffsetError, TooLongError

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
DATA = os.urandom(300_000)
PNG = b"\x89PNG\r\n\x1a\n" + DATA[:2000]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Uploads of one test are not another's."""
    settings.DATA_DIR = tmp_path
    return tmp_path / "uploads"


@pytest.fixture
def draft(make_draft: Callable[..., Draft]) -> Draft:
    return make_draft()


def begin(draft: Draft, size: int = len(DATA), **fields: bool) -> DraftUpload:
    return uploads.begin(
        draft, "../plan.pdf", "application/pdf", size, fields.get("is_inline", False), NOW
    )


def cut(data: bytes) -> Iterator[bytes]:
    """A request that ends in the middle."""
    yield data
    raise ConnectionResetError


def test_a_file_comes_in_pieces_and_is_one(draft: Draft, folder: Path) -> None:
    upload = begin(draft)
    assert uploads.append(upload, 0, [DATA[:100_000]], NOW) is None
    assert (
        uploads.append(upload, 100_000, [DATA[100_000:150_000], DATA[150_000:200_000]], NOW) is None
    )
    assert not draft.attachments.exists()
    done = uploads.append(upload, 200_000, [DATA[200_000:]], NOW)
    assert done is not None
    assert (done.filename, done.content_type, done.content_id) == (
        "plan.pdf", "application/pdf", "",
    )  # fmt: skip
    assert blobs.read(done.blob) == DATA
    assert not list(folder.iterdir())
    assert not DraftUpload.objects.exists()


def test_what_came_before_a_cut_is_kept(draft: Draft) -> None:
    upload = begin(draft)
    with pytest.raises(ConnectionResetError):
        uploads.append(upload, 0, cut(DATA[:70_000]), NOW)
    with pytest.raises(OffsetError) as wrong:
        uploads.append(upload, 0, [DATA], NOW)
    assert wrong.value.received == 70_000
    upload.refresh_from_db()
    assert uploads.received(upload) == 70_000
    done = uploads.append(upload, 70_000, [DATA[70_000:]], NOW)
    assert done is not None
    assert blobs.read(done.blob) == DATA


def test_what_a_dead_process_had_not_vouched_for_is_cut_off(draft: Draft, folder: Path) -> None:
    upload = begin(draft)
    uploads.append(upload, 0, [DATA[:1000]], NOW)
    with (folder / str(upload.key)).open("ab") as file:
        file.write(b"half a piece")
    done = uploads.append(upload, 1000, [DATA[1000:]], NOW)
    assert done is not None
    assert blobs.read(done.blob) == DATA


def test_what_a_lost_disk_forgot_is_asked_for_again(draft: Draft, folder: Path) -> None:
    upload = begin(draft)
    uploads.append(upload, 0, [DATA[:1000]], NOW)
    os.truncate(folder / str(upload.key), 400)
    with pytest.raises(OffsetError) as wrong:
        uploads.append(upload, 1000, [DATA[1000:]], NOW)
    assert wrong.value.received == 400


def test_two_writers_at_once_are_one_too_many(draft: Draft, folder: Path) -> None:
    upload = begin(draft)
    uploads.append(upload, 0, [DATA[:10]], NOW)
    with (folder / str(upload.key)).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BusyError):
            uploads.append(upload, 10, [DATA[10:]], NOW)
    assert uploads.append(upload, 10, [DATA[10:]], NOW) is not None


def test_more_than_was_said_gives_the_file_up(draft: Draft, folder: Path) -> None:
    upload = begin(draft, 10)
    with pytest.raises(TooLongError):
        uploads.append(upload, 0, [DATA[:11]], NOW)
    assert not DraftUpload.objects.exists()
    assert not draft.attachments.exists()
    assert not list(folder.iterdir())


def test_a_last_piece_sent_twice_makes_one_file(draft: Draft, folder: Path) -> None:
    upload = begin(draft)
    uploads.append(upload, 0, [DATA], NOW)
    with pytest.raises(GoneError):
        uploads.append(upload, 0, [DATA], NOW)
    assert draft.attachments.count() == 1
    assert not list(folder.iterdir())


def test_a_file_taken_out_while_its_last_piece_comes_stays_out(draft: Draft, folder: Path) -> None:
    upload = begin(draft)

    def taken_out() -> Iterator[bytes]:
        yield DATA
        uploads.cancel(upload)

    with pytest.raises(GoneError):
        uploads.append(upload, 0, taken_out(), NOW)
    assert not draft.attachments.exists()
    assert not list(folder.iterdir())


def test_nothing_is_added_to_what_was_handed_in(draft: Draft) -> None:
    upload = begin(draft)
    Draft.objects.filter(pk=draft.pk).update(submitted_at=NOW)
    with pytest.raises(drafts.SubmittedError):
        uploads.append(upload, 0, [DATA], NOW)
    assert not DraftAttachment.objects.exists()


@pytest.mark.parametrize(("data", "kind"), [(PNG, "image/png"), (DATA, "")])
def test_a_picture_stands_in_the_text_if_it_is_one(draft: Draft, data: bytes, kind: str) -> None:
    upload = uploads.begin(draft, "x.png", "image/svg+xml", len(data), True, NOW)
    done = uploads.append(upload, 0, [data], NOW)
    assert done is not None
    assert done.content_type == (kind or "image/svg+xml")
    assert bool(done.content_id) == bool(kind)


def test_an_empty_file_is_a_file(draft: Draft) -> None:
    done = uploads.append(begin(draft, 0), 0, [], NOW)
    assert done is not None
    assert blobs.read(done.blob) == b""


def test_a_file_that_will_not_fit_is_refused_before_it_comes(
    make_draft: Callable[..., Draft], account: object, settings: Settings
) -> None:
    settings.MAX_SEND_SIZE = 2_000_000
    draft = make_draft(account)
    begin(draft, 1_000_000)
    with pytest.raises(sizes.TooLargeError) as refused:
        begin(draft, 1_000_000)
    assert (refused.value.limit, refused.value.server) == (2_000_000, "")
    assert draft.identity.account is not None
    draft.identity.account.facts = {"size": 500_000}
    with pytest.raises(sizes.TooLargeError) as refused:
        begin(draft, 400_000)
    assert (refused.value.limit, refused.value.server) == (500_000, "localhost")


def test_one_person_cannot_fill_the_disk(
    make_draft: Callable[..., Draft], settings: Settings
) -> None:
    """What came and what is coming counts, wherever in the drafts, until it goes."""
    settings.MAX_DRAFT_FILES = 800_000
    first = make_draft()
    uploads.append(begin(first, 60_000), 0, [DATA[:60_000]], NOW)
    with pytest.raises(sizes.DraftsFullError) as refused:
        for _ in range(100):
            begin(make_draft(), 60_000)
    assert DraftUpload.objects.count() == 12
    assert (refused.value.files, refused.value.server) == (800_000, "")
    other = drafts.Upload("a.bin", "application/x-a", Body.of(DATA[:60_000]))
    with pytest.raises(sizes.DraftsFullError):
        drafts.attach(draft=make_draft(), uploads=[other], now=NOW)
    drafts.check_room(first, [])
    first.delete()
    assert drafts.attach(draft=make_draft(), uploads=[other], now=NOW)


def test_everybody_has_room_of_their_own(
    make_draft: Callable[..., Draft], settings: Settings, other_user: User
) -> None:
    settings.MAX_DRAFT_FILES = 100_000
    begin(make_draft(), 90_000)
    values = drafts.DraftValues(identity=identities.local_of(other_user), subject="Mine")
    theirs = drafts.save(user=other_user, key=uuid4(), values=values, version=0, now=NOW)
    assert begin(theirs, 90_000)


def test_nobody_else_on_the_machine_reads_along(draft: Draft, folder: Path) -> None:
    upload = begin(draft)
    uploads.append(upload, 0, [DATA[:10]], NOW)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / str(upload.key)).stat().st_mode) == 0o600


def test_what_nobody_goes_on_with_is_swept(draft: Draft, folder: Path) -> None:
    old, young = begin(draft), begin(draft)
    for upload in (old, young):
        uploads.append(upload, 0, [DATA[:10]], NOW)
    (folder / "stray").write_bytes(b"x")
    later = datetime.now(UTC) + 2 * uploads.KEEP
    DraftUpload.objects.filter(pk=young.pk).update(changed_at=later)
    assert uploads.sweep(now=later) == 2
    assert [one.pk for one in DraftUpload.objects.all()] == [young.pk]
    assert [path.name for path in folder.iterdir()] == [str(young.key)]
    assert uploads.sweep(now=later + timedelta(hours=1)) == 0


def test_a_picture_taken_out_of_the_text_takes_no_room(draft: Draft, settings: Settings) -> None:
    settings.MAX_SEND_SIZE = 1_000_000
    upload = uploads.begin(draft, "x.png", "image/png", 600_008, True, NOW)
    done = uploads.append(upload, 0, [PNG[:8], DATA, DATA], NOW)
    assert done is not None
    draft.html = f'<img data-cid="{done.content_id}">'
    with pytest.raises(sizes.TooLargeError):
        begin(draft, 300_000)
    draft.html = "<p>x</p>"
    begin(draft, 300_000)
