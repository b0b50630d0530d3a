"""The pure decisions of a pull."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import plan

NOW = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)


def box(
    name: str, role: str = "", delimiter: str = "/", *, selectable: bool = True
) -> plan.Mailbox:
    return plan.Mailbox(name.encode(), name, delimiter, role, selectable)


def test_inbox_comes_first_then_sent_and_all_mail_last() -> None:
    listed = [box("All", "all"), box("Work"), box("Sent", "sent"), box("INBOX", "inbox")]
    assert [one.name for one in plan.order(listed)] == ["INBOX", "Sent", "Work", "All"]


def test_unselectable_mailboxes_and_views_are_passed_over() -> None:
    listed = [box("[G]", selectable=False), box("Starred", "flagged"), box("INBOX", "inbox")]
    assert [one.name for one in plan.order(listed)] == ["INBOX"]


@pytest.mark.parametrize(
    ("mailbox", "at_root", "expected"),
    [
        (box("INBOX", "inbox"), True, plan.Place(role="inbox")),
        (box("INBOX", "inbox"), False, plan.Place(path=("Inbox",))),
        (box("[G]/Sent Mail", "sent"), True, plan.Place(role="sent")),
        (box("[G]/Sent Mail", "sent"), False, plan.Place(path=("[G]", "Sent Mail"))),
        (box("Work/Reports/2024"), True, plan.Place(path=("Work", "Reports", "2024"))),
        (box("INBOX/Sub"), True, plan.Place(path=("Inbox", "Sub"))),
        (box("a/b", delimiter=""), True, plan.Place(path=("a/b",))),
        (box("a//b"), True, plan.Place(path=("a", "b"))),
        (box("a/../b"), True, plan.Place(path=("a", "_", "b"))),
        (box("tab\there"), True, plan.Place(path=("tabhere",))),
    ],
)
def test_where_a_mailbox_goes(mailbox: plan.Mailbox, at_root: bool, expected: plan.Place) -> None:
    assert plan.place(mailbox, at_root=at_root, strip_inbox=False) == expected


def test_a_namespace_prefix_is_not_a_folder() -> None:
    cyrus = [box("INBOX", "inbox", "."), box("INBOX.Work", "", "."), box("INBOX.Sent", "", ".")]
    mixed = [*cyrus, box("Other", "", ".")]
    assert plan.has_inbox_prefix(cyrus)
    assert not plan.has_inbox_prefix(mixed)
    stripped = plan.place(cyrus[1], at_root=True, strip_inbox=True)
    assert stripped == plan.Place(path=("Work",))


@given(st.lists(st.text(max_size=400), max_size=60))
def test_folder_names_are_always_fit_to_be_shown(parts: list[str]) -> None:
    path = plan.clean_path(parts)
    assert 1 <= len(path) <= plan.MAX_LEVELS
    assert all(name and len(name) <= plan.MAX_NAME and name.strip(".") for name in path)


@given(st.integers(1, 5000), st.integers(0, 5000), st.integers(1, 1000))
def test_windows_cover_every_uid_once_newest_first(lo: int, hi: int, size: int) -> None:
    covered = [uid for low, high in plan.windows(lo, hi, size) for uid in range(high, low - 1, -1)]
    assert covered == list(range(hi, lo - 1, -1))


@pytest.mark.parametrize(
    ("size", "flags", "verdict"),
    [
        (10, ["\\Seen"], "pending"),
        (None, [], "pending"),
        (101, [], "too-big"),
        (100, [], "pending"),
        (10, ["\\Deleted"], "skipped"),
    ],
)
def test_first_verdict(size: int | None, flags: list[str], verdict: str) -> None:
    assert plan.first_verdict(size, flags, max_size=100) == verdict


def test_session_flags_are_not_kept() -> None:
    assert plan.kept_flags(["\\Seen", "\\Recent", "$Forwarded"]) == ["\\Seen", "$Forwarded"]
    labels = [f"Label{number}" for number in range(100)]
    assert plan.kept_flags([*labels, "\\Seen"])[0] == "\\Seen"


def test_pop_ids_count_only_when_they_tell_messages_apart() -> None:
    uidls = ["a", "b", "b", None, "", "x" * 129, "tab\t"]
    assert plan.pop_keys(uidls) == ["a", "", "", "", "", "", ""]


@given(st.integers(1, 10**9), st.integers(60, 86400), st.integers(0, 10**6))
def test_a_task_keeps_its_phase(task_id: int, interval: int, offset: int) -> None:
    now = NOW + timedelta(seconds=offset)
    first = plan.next_due(task_id, interval=interval, now=now)
    again = plan.next_due(task_id, interval=interval, now=first)
    assert timedelta(seconds=interval // 2) <= first - now <= timedelta(seconds=interval * 3 // 2)
    assert again - first == timedelta(seconds=interval)


def test_impossible_dates_are_not_believed() -> None:
    assert plan.clamp_date(NOW + timedelta(days=2), now=NOW) is None
    assert plan.clamp_date(datetime(1901, 1, 1, tzinfo=UTC), now=NOW) is None
    assert plan.clamp_date(NOW, now=NOW) == NOW
