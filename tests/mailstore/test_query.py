from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from mailstore.query import Query, Term, parse
from mailstore.tokens import asked, fold, tokens


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("", Query()),
        ("invoice", Query(terms=(Term(("invoice",)),))),
        ('"New York"', Query(terms=(Term(("new", "york"), exact=True),))),
        ("-draft", Query(without=(Term(("draft",)),))),
        ("from:ada@x.test", Query(terms=(Term(("ada", "x", "test"), "sender"),))),
        ('subject:"big deal"', Query(terms=(Term(("big", "deal"), "subject", exact=True),))),
        ("cc:Bo", Query(terms=(Term(("bo",), "recipients"),))),
        ("filename:report.pdf", Query(terms=(Term(("report", "pdf"), "files"),))),
        ("-from:ada", Query(without=(Term(("ada",), "sender"),))),
        ("has:attachment", Query(has_attachments=True)),
        ("-has:attachments", Query(has_attachments=False)),
        ("is:unread", Query(is_seen=False)),
        ("is:read", Query(is_seen=True)),
        ("-is:unread", Query(is_seen=True)),
        ("IS:Starred", Query(is_flagged=True)),
        ("in:Sent", Query(folder="sent")),
        ("larger:2M", Query(size_over=2 * 1024 * 1024)),
        ("smaller:10kb", Query(size_under=10 * 1024)),
        ("-larger:1", Query(size_under=1)),
        ("after:2026-02-01", Query(since=datetime(2026, 2, 1, tzinfo=UTC))),
        ("before:2026", Query(until=datetime(2026, 1, 1, tzinfo=UTC))),
        ("before:2026-13-01", Query(terms=(Term(("before", "2026", "13", "01")),))),
        ("http://x.test", Query(terms=(Term(("http", "x", "test")),))),
        ('"open', Query(terms=(Term(("open",), exact=True),))),
        ("-", Query()),
        ("***", Query()),
    ],
)
def test_what_is_typed_is_understood(typed: str, query: Query) -> None:
    assert parse(typed) == query


def test_days_are_those_of_the_user() -> None:
    found = parse("after:2026-02-01", zone=ZoneInfo("Asia/Tokyo"))
    assert found.since is not None
    assert found.since.astimezone(UTC) == datetime(2026, 1, 31, 15, tzinfo=UTC)


def test_a_query_has_bounds() -> None:
    assert len(parse(" ".join("w" * (n % 7 + 1) for n in range(500))).terms) <= 30


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Straße ÉCOLE ﬁn", ["strasse", "ecole", "fin"]),
        ("a_b don't", ["a", "b", "don", "t"]),
        ("東京都", ["東京", "京都", "都"]),
        ("価格は", ["価格", "格は", "は"]),
        ("한국어", ["한국", "국어", "어"]),
        ("abc東京def", ["abc", "東京", "京", "def"]),
        ("x" * 100, ["x" * 64]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert tokens(text, 100) == words


def test_words_of_a_query_lie_side_by_side_in_the_text() -> None:
    assert asked("京都") == ["京都"]
    assert asked("東京都") == ["東京", "京都"]
    assert asked("都") == ["都"]
    assert fold("Crème Brûlée") == "creme brulee"
