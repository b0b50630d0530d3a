"""How batches are cut, paced and searched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from protocols.imap import Form
from retrieval import batches
from retrieval.batches import Batch, Blame, Open, Pace, Search

NOW = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)


def rows(*pks: int) -> list[Open]:
    return [Open(pk, pk) for pk in pks]


def test_a_failed_batch_halves_the_next_and_clean_ones_grow_again() -> None:
    pace = Pace(most=50, most_bytes=8 << 20)
    pace.failed()
    assert (pace.count, pace.bytes) == (25, 4 << 20)
    pace.failed()
    assert pace.count == 25
    counts = []
    for _ in range(4):
        pace.clean()
        counts.append(pace.count)
    assert counts == [31, 38, 47, 50]


def test_what_was_learnt_is_where_it_begins() -> None:
    assert Pace(most=50, most_bytes=8 << 20, learnt=30).count == 30
    assert Pace(most=25, most_bytes=4 << 20, learnt=30).count == 25


def test_a_server_that_asks_for_patience_is_not_pressed_again() -> None:
    pace = Pace(most=50, most_bytes=8 << 20)
    pace.slow()
    pace.clean()
    assert pace.count == 10


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 3)), max_size=60),
    st.integers(1, 20),
    st.integers(1, 8000),
    st.integers(0, 2),
)
def test_batches_keep_order_and_bounds(
    values: list[tuple[int, int]], count: int, size: int, single_from: int
) -> None:
    whole = [Open(pk, pk, weight, attempts=tried) for pk, (weight, tried) in enumerate(values)]
    cut = list(batches.cut(whole, count=count, size=size, single_from=single_from))
    assert [row for batch in cut for row in batch] == whole
    for batch in cut:
        assert 1 <= len(batch) <= count
        if len(batch) > 1:
            assert sum(row.size or 0 for row in batch) <= size
            assert not single_from or all(row.attempts < single_from for row in batch)


@given(st.sets(st.integers(0, 49), min_size=1, max_size=4))
def test_the_search_ends_at_exactly_what_fails(poison: set[int]) -> None:
    """However the failures lie in a batch, they alone are found, in every form."""
    whole = Batch.of(1, rows(*range(50)))
    queue, failed, forms = [whole], set[int](), dict[int, list[Form]]()
    asked = 0
    while queue:
        batch = queue.pop()
        asked += 1
        guilty = [row for row in batch.rows if row.pk in poison]
        if not guilty:
            continue
        if len(batch.rows) == 1:
            forms.setdefault(guilty[0].pk, []).append(batch.form)
        pieces = batch.divided(batch.rows)
        queue += pieces
        if not pieces:
            failed.add(guilty[0].pk)
    assert failed == poison
    assert all(tried == list(Form) for tried in forms.values())
    assert asked <= 1 + len(poison) * (2 * 6 + 2)


def test_too_much_of_a_batch_is_the_folders_fault() -> None:
    search = Search(50, 0, [(row, "") for row in rows(*range(10))])
    assert not search.blames_folder
    search.failed.append((rows(11)[0], ""))
    assert search.blames_folder
    assert not Search(5, 0, [(row, "") for row in rows(*range(5))]).blames_folder


def test_ten_single_failures_in_a_row_are_the_folders_fault() -> None:
    blame = Blame()
    assert not any(blame.single() for _ in range(9))
    blame.arrived()
    assert not any(blame.single() for _ in range(9))
    assert blame.single()


def test_breaks_narrow_a_search_until_they_come_everywhere() -> None:
    blame = Blame()
    assert not blame.broke(rows(1, 2, 3, 4))
    assert not blame.broke(rows(1, 2))
    assert not blame.broke(rows(1))
    assert not blame.broke(rows(3, 4))
    assert blame.broke(rows(5))
    narrowing = Blame()
    for size in (50, 25, 13, 7, 4, 2, 1, 1, 1):
        assert not narrowing.broke(rows(*range(size)))


def test_a_connection_that_breaks_at_nothing_is_the_accounts_fault() -> None:
    blame = Blame()
    assert [blame.broke(()) for _ in range(3)] == [False, False, True]


def test_attempts_come_at_once_after_an_hour_and_after_a_day() -> None:
    assert batches.next_try(1, now=NOW) == NOW + timedelta(hours=1)
    assert batches.next_try(2, now=NOW) == NOW + timedelta(hours=24)
    assert batches.next_try(3, now=NOW) is None
