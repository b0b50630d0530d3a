from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from mailstore.models import Blob, Folder, Segment
from mailstore.segment import DamagedRecord, scan
from mailstore.services import blobs, messages
from mailstore.services.blobs import BlobUnreadable
from mailstore.services.sweeping import sweep
from protocols.body import Body
from tests.mail import letter, put

LATER = timedelta(days=2)


def stored(*bodies: bytes) -> list[Blob]:
    batch = blobs.write([Body.of(data) for data in bodies])
    with transaction.atomic():
        return blobs.adopt(batch)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "data", [b"", b"a", b"words\r\n" * 50, bytes(range(256)) * 3000, b"\0" * 2_000_000]
)
def test_what_was_written_is_read(db: None, data: bytes) -> None:
    (blob,) = stored(data)
    assert blobs.read(blob) == data
    assert blob.size == len(data)
    assert blobs.body(blob).sha256 == bytes(blob.sha256)


def test_a_batch_is_one_file_and_the_order_is_kept(db: None, blob_dir: Path) -> None:
    bodies = [b"one", b"two", b"one", b"three"]
    found = stored(*bodies)
    assert [blobs.read(blob) for blob in found] == bodies
    assert found[0] == found[2]
    assert len(files(blob_dir)) == 1


def test_a_large_body_lies_alone(db: None, blob_dir: Path) -> None:
    large = bytes(range(256)) * (blobs.ALONE // 256 + 1)
    found = stored(b"small", large, b"smaller")
    assert [blobs.read(blob) for blob in found] == [b"small", large, b"smaller"]
    assert found[0].segment != found[1].segment
    assert found[0].segment == found[2].segment


def test_the_same_bytes_are_kept_once(db: None) -> None:
    assert stored(b"same", b"first")[0] == stored(b"second", b"same")[1]
    assert Blob.objects.count() == 3


def test_the_index_can_be_read_from_the_files(db: None, blob_dir: Path) -> None:
    found = stored(b"one", b"two" * 200_000)
    with (blob_dir / found[0].segment.name).open("rb") as file:
        records = {record.sha256: record for record in scan(file)}
    for blob in found:
        record = records[bytes(blob.sha256)]
        assert (record.offset, record.stored_size) == (blob.offset, blob.stored_size)
        assert record.size == blob.size


@pytest.mark.parametrize("place", [8, 12, 20, 60, 90, -1])
def test_damage_is_told_and_never_returned(db: None, blob_dir: Path, place: int) -> None:
    (blob,) = stored(b"A letter that must not change. " * 20)
    path = blob_dir / blob.segment.name
    data = bytearray(path.read_bytes())
    data[place] ^= 0x41
    path.write_bytes(data)
    with pytest.raises(BlobUnreadable):
        blobs.read(blob)


def test_a_torn_or_missing_file_is_told(db: None, blob_dir: Path) -> None:
    (blob,) = stored(b"words " * 1000)
    path = blob_dir / blob.segment.name
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(BlobUnreadable):
        blobs.read(blob)
    path.unlink()
    with pytest.raises(BlobUnreadable):
        blobs.read(blob)


def test_a_body_that_lies_about_its_size_is_refused(db: None, blob_dir: Path) -> None:
    body = Body.of(b"four")
    body.size = 5
    with pytest.raises(DamagedRecord):
        blobs.write([body])
    assert files(blob_dir) == []


def test_a_full_disk_leaves_nothing(
    db: None, blob_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    blob_dir.joinpath("aa").mkdir(parents=True)
    with pytest.raises(OSError, match="No space"):
        blobs.write([Body.of(b"data")])
    assert files(blob_dir) == []


def test_sweep_takes_what_nobody_needs_after_the_grace(inbox: Folder, blob_dir: Path) -> None:
    kept, gone = put(inbox, letter("kept"), letter("gone"))
    put(inbox, letter("alone"))[0].delete()
    blobs.write([Body.of(b"never adopted")])
    messages.remove(inbox.user, [gone.pk])
    now = timezone.now()
    assert sweep(now=now).blobs == 0
    swept = sweep(now=now + LATER)
    assert swept.blobs == 2
    assert blobs.read(Blob.objects.get(pk=kept.blob_id)) == letter("kept")
    assert Blob.objects.count() == 1
    # The copy that compaction replaced goes as well; only the living file is left.
    sweep(now=now + LATER)
    assert len(files(blob_dir)) == Segment.objects.count() == 1


def test_small_segments_are_brought_together(inbox: Folder, blob_dir: Path) -> None:
    raws = [letter(f"{number}") for number in range(12)]
    rows = [put(inbox, raw)[0] for raw in raws]
    before = [row.blob for row in rows]
    now = timezone.now() + LATER
    assert sweep(now=now).compacted == 12
    assert Segment.objects.filter(blobs__isnull=False).distinct().count() == 1
    # Rows read before the move still lead to the bytes.
    assert [blobs.read(blob) for blob in before] == raws
    sweep(now=now + LATER)
    assert len(files(blob_dir)) == 1


@pytest.mark.parametrize("harm", ["changed", "cut", "gone"])
@pytest.mark.parametrize("large", [False, True])
def test_a_fresh_copy_takes_the_place_of_damaged_bytes(
    inbox: Folder, blob_dir: Path, harm: str, large: bool
) -> None:
    """Whoever had the message before can read it again."""
    body = bytes(range(256)) * (2000 if large else 1)
    before, sound = stored(body, b"sound")
    path = blob_dir / before.segment.name
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data if harm == "changed" else data[:120])
    if harm == "gone":
        path.unlink()
    with pytest.raises(BlobUnreadable):
        blobs.read(Blob.objects.get(pk=before.pk))
    after, again, other = stored(body, body, b"new")
    assert (after.pk, again.pk) == (before.pk, before.pk)
    assert [blobs.read(blob) for blob in (after, other)] == [body, b"new"]
    assert after.segment == other.segment != before.segment
    assert Blob.objects.count() == 3
    # What is sound stays where it is.
    place = Blob.objects.get(pk=after.pk).segment
    assert stored(body)[0].segment == place
    assert Blob.objects.get(pk=sound.pk).segment == before.segment


def test_damaged_bytes_are_not_compacted_away(inbox: Folder, blob_dir: Path) -> None:
    first, second = (put(inbox, letter(name))[0] for name in ("one", "two"))
    path = blob_dir / first.blob.segment.name
    path.write_bytes(path.read_bytes()[:-1])
    sweep(now=timezone.now() + LATER)
    assert path.exists()
    assert blobs.read(Blob.objects.get(pk=second.blob_id)) == letter("two")
