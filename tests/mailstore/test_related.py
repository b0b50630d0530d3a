"""Which messages belong together by what they name, and what subjects of replies say."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstore import related, resubject

NAMES = st.lists(st.sets(st.integers(0, 9), max_size=3), max_size=8)


def partition(rows: list[set[int]], known: dict[int, int] | None = None) -> set[frozenset[int]]:
    return {frozenset(group.rows) for group in related.gather(rows, known or {})}


def reachable(rows: list[set[int]]) -> set[frozenset[int]]:
    """The same by walking from row to row, slowly."""
    found = set()
    for start in range(len(rows)):
        there, waiting = {start}, [start]
        while waiting:
            names = rows[waiting.pop()]
            near = {at for at, other in enumerate(rows) if other & names} - there
            there |= near
            waiting += near
        found.add(frozenset(there))
    return found


@given(NAMES)
def test_rows_that_share_names_are_together(rows: list[set[int]]) -> None:
    assert partition(rows) == reachable(rows)


@given(NAMES, st.dictionaries(st.integers(0, 9), st.integers(0, 3), max_size=6))
def test_names_of_one_thread_are_one(rows: list[set[int]], known: dict[int, int]) -> None:
    # As if each name stood for its thread: negative, so that no name is one.
    meant = [{~known[name] if name in known else name for name in names} for names in rows]
    assert partition(rows, known) == reachable(meant)
    for group in related.gather(rows, known):
        names = set().union(*(rows[at] for at in group.rows))
        assert group.threads == {known[name] for name in names if name in known}
        assert group.new == {name for name in names if name not in known}


def test_a_message_ties_its_own_id_to_those_it_names() -> None:
    own, parent, root = (related.digests(f"<{one}@x>", "", "")[0] for one in ("own", "up", "root"))
    found = related.digests("<own@x>", "<up@x>", "<root@x>\r\n <up@x>")
    assert found == (own, root, parent)
    assert len(own) == related.DIGEST
    assert related.digests("own@x", "up@x", "") == (own, parent)


@pytest.mark.parametrize(
    "said", ["", "<>", "< >", "no id", "<a b@c>", "Your mail of Monday, Ada <ada@example.test>"]
)
def test_what_is_no_id_ties_to_nothing(said: str) -> None:
    assert related.named(said, "") == []


def test_of_a_long_list_both_ends_count() -> None:
    named = related.named("", " ".join(f"<{number}@x>" for number in range(10_000)))
    assert named == [f"{number}@x" for number in (*range(20), *range(9980, 10_000))]


def test_ids_differ_by_case_and_by_person_only() -> None:
    assert related.digests("<A@x>", "", "") != related.digests("<a@x>", "", "")
    assert len(set(related.digests("<a@x>", "<a@x>", "<a@x> <a@x>"))) == 1
    assert related.digests("<\ud800@x>", "", "")


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Re: Lease for the studio", "lease for the studio"),
        ("AW: Re[2]: SV: Lease for the studio", "lease for the studio"),
        ("RE\uff1aLease  for the Studio ", "lease for the studio"),
        ("[harbour] Re: [harbour] Lease for the studio", "lease for the studio"),
        ("Antwort: WG: Straße am Kai", "strasse am kai"),
        ("回复\uff1a租约", "租约"),
        ("Re:", "re:"),
        ("Reason: none", "reason: none"),
    ],
)
def test_subjects_without_their_marks(subject: str, base: str) -> None:
    assert resubject.base(subject) == base


def test_replies_and_forwards() -> None:
    assert resubject.is_reply("[list] Aw: x")
    assert not resubject.is_reply("Fwd: Re: x")
    assert resubject.is_forward("WG: Re: x")
    assert not resubject.is_forward("Rent: due")
    assert not resubject.tells(resubject.base("Re: hi"))
    assert resubject.tells(resubject.base("Re: 租约草案"))


@pytest.mark.parametrize("subject", ["Re: " * 5000, "[" * 9000, "re" * 9000, "\u3000" * 9000])
def test_hostile_subjects_are_short_work(subject: str) -> None:
    assert len(resubject.base(subject)) <= 2000


def test_ties_do_not_depend_on_order() -> None:
    rows = [{1}, {2, 1}, {3, 2}, {9}, {4, 3}]
    for order in permutations(range(len(rows))):
        groups = related.gather([rows[at] for at in order], {})
        found = {frozenset(order[at] for at in group.rows) for group in groups}
        assert found == {frozenset({0, 1, 2, 4}), frozenset({3})}
