"""Rows written in bulk look exactly like rows that were saved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from lib import bulk
from mailstore.models import Blob, Folder, Message, Segment

MOMENT = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=timezone(timedelta(hours=2)))


@pytest.fixture
def segment(db: None) -> Segment:
    return Segment.objects.create(name="aa/x.seg", size=1)


def place(segment: Segment, number: int) -> tuple[object, ...]:
    return (number.to_bytes(32, "big"), number, segment.pk, 10 * number, 2)


PLACE = ("sha256", "size", "segment_id", "offset", "stored_size")


def stored(row: Model) -> dict[str, Any]:
    """What the database holds, every column but the key."""
    table, key = row._meta.db_table, row.pk
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} WHERE id = %s", [key])  # noqa: S608 # the name of a table of ours
        names = [column[0] for column in cursor.description]
        values = [bytes(v) if isinstance(v, memoryview) else v for v in cursor.fetchone()]
    return {name: v for name, v in zip(names, values, strict=True) if name != "id"}


def message(user: User, folder: Folder, blob: Blob, **more: Any) -> Message:
    common = {"sort_at": MOMENT, "stored_at": MOMENT, "size": 7, **more}
    return Message(user=user, folder=folder, blob=blob, **common)


def test_created_rows_are_those_a_save_would_make(user: User, segment: Segment) -> None:
    folder = Folder.objects.create(user=user, name="F")
    blob = Blob.objects.create(
        sha256=b"\x00" * 32, size=1, segment=segment, offset=0, stored_size=1
    )
    varied: list[dict[str, Any]] = [
        {},
        {"keywords": ["a", 'q"uote', "é"], "is_seen": True, "sent_at": MOMENT},
        {"subject": "100 % 'quoted' \\ %s {}, \U0001f600", "size": 2**40, "sent_at": None},
        {"sort_at": datetime(1970, 1, 1, tzinfo=UTC), "snippet": "x" * 240},
    ]
    saved = [message(user, folder, blob, **more) for more in varied]
    made = [message(user, folder, blob, **more) for more in varied]
    for row in saved:
        row.save()
    bulk.create(made)
    assert [stored(row) for row in made] == [stored(row) for row in saved]
    assert len({row.pk for row in made}) == len(made)
    # They know that they are stored: saving again changes the same row.
    made[0].subject = "changed"
    made[0].save()
    assert Message.objects.count() == 2 * len(varied)


def test_conflicts_are_passed_over_and_tell_no_key(segment: Segment) -> None:
    first = bulk.insert(Blob, PLACE, [place(segment, 1)], returning=("id",))
    again = bulk.insert(
        Blob,
        PLACE,
        [place(segment, n) for n in (0, 1, 2)],
        ignore_conflicts=True,
        returning=("sha256", "id"),
    )
    assert [row[0] for row in again] == [place(segment, n)[0] for n in (0, 2)]
    assert Blob.objects.get(size=1).pk == first[0][0]
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(Blob, PLACE, [place(segment, 1)])


def test_columns_not_named_get_their_defaults(segment: Segment) -> None:
    bulk.insert(Blob, PLACE, [place(segment, 1)])
    assert Blob.objects.get().created_at.tzinfo is not None


def test_a_column_that_is_not_there_is_refused(segment: Segment) -> None:
    with pytest.raises(LookupError):
        bulk.insert(Blob, ("sha",), [(b"",)])


def test_many_rows_take_few_statements(segment: Segment) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        bulk.insert(Blob, PLACE, [place(segment, n) for n in range(2500)])
    assert len(asked) == 3
    assert Blob.objects.count() == 2500
    last = Blob.objects.get(size=2499)
    assert (bytes(last.sha256), last.offset) == (place(segment, 2499)[0], 24_990)


def test_rows_are_updated_by_their_keys(user: User, segment: Segment) -> None:
    ids = [Folder.objects.create(user=user, name=name).pk for name in "abcd"]
    bulk.update(Folder, ("name", "total"), [(ids[1], "x", 5), (ids[3], "y%s", 7)])
    rows = list(Folder.objects.filter(pk__in=ids).order_by("pk").values_list("name", "total"))
    assert rows == [("a", 0), ("x", 5), ("c", 0), ("y%s", 7)]


def test_updates_take_nulls_moments_and_json(user: User, segment: Segment) -> None:
    folder = Folder.objects.create(user=user, name="F")
    blob = Blob.objects.create(
        sha256=b"\x00" * 32, size=1, segment=segment, offset=0, stored_size=1
    )
    rows = [message(user, folder, blob, sent_at=MOMENT) for _ in range(2)]
    bulk.create(rows)
    bulk.update(
        Message,
        ("sent_at", "stored_at", "keywords"),
        [(rows[0].pk, None, MOMENT, ["k"]), (rows[1].pk, MOMENT, MOMENT, [])],
    )
    first, second = Message.objects.order_by("pk")
    assert (first.sent_at, first.stored_at, first.keywords) == (None, MOMENT, ["k"])
    assert (second.sent_at, second.keywords) == (MOMENT, [])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_rows_among_keys(user: User, count: int) -> None:
    ids = [Folder.objects.create(user=user, name=name).pk for name in "abcd"]
    rows = Folder.objects.filter(bulk.among(Folder, ids[:count]), user=user)
    assert list(rows.order_by("name").values_list("name", flat=True)) == list("abcd")[:count]
    assert rows.update(total=3) == count
    assert Folder.objects.filter(total=3).count() == count


def test_keys_are_one_value_however_many(db: None) -> None:
    rows = Blob.objects.filter(bulk.among(Blob, range(500)))
    _, values = rows.query.sql_with_params()
    assert len(values) == (1 if connection.vendor == "postgresql" else 500)


def test_nothing_asks_nothing(django_assert_num_queries: Any, db: None) -> None:
    with django_assert_num_queries(0):
        bulk.create([])
        assert bulk.insert(Blob, PLACE, []) == []
        bulk.update(Blob, ("size",), [])
