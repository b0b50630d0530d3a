from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from mailstore.query import Both, Either, Fact, Node, Not, Term, leaves
from mailstore.query_text import OPERATORS, parse
from mailstore.tokens import asked, fold, numbers, tokens

TODAY = date(2026, 3, 10)


def day(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type,misc] # year, month, day


def words(*found: str, field: str = "", exact: bool = False) -> Term:
    return Term(found, field, exact)


@pytest.mark.parametrize(
    ("typed", "nodes"),
    [
        ("", ()),
        ("invoice", (words("invoice"),)),
        ('"New York"', (words("new", "york", exact=True),)),
        ("-draft", (Not(words("draft")),)),
        ("from:ada@x.test", (words("ada", "x", "test", field="sender"),)),
        ("from: ada", (words("ada", field="sender"),)),
        ('subject:"big deal"', (words("big", "deal", field="subject", exact=True),)),
        ("to:Bo cc:Cy", (words("bo", field="to"), words("cy", field="cc"))),
        ("filename:report_1.pdf", (words("report", "1", "pdf", field="files"),)),
        ("list:club", (words("club", field="list"),)),
        ("-from:ada", (Not(words("ada", field="sender")),)),
        ("has:attachment", (Fact("attachments", value=True),)),
        ("-has:attachments", (Not(Fact("attachments", value=True)),)),
        ("has:image", (words("image", field="kind", exact=True),)),
        ("has:video", (words("film", field="kind", exact=True),)),
        ("is:unread", (Fact("seen", value=False),)),
        ("IS:Starred", (Fact("flagged", value=True),)),
        ("in:Sent", (Fact("folder", "sent"),)),
        ('in:"Quay Street"', (Fact("folder", "quay street"),)),
        ("account:Work label:Later", (Fact("account", "work"), Fact("label", "later"))),
        ("larger:2M", (Fact("over", 2 * 1024 * 1024),)),
        ("smaller:10kb", (Fact("under", 10 * 1024),)),
        ("larger:1,5k", (Fact("over", 1536),)),
        ("after:2026-02-01", (Fact("since", day(2026, 2, 1)),)),
        ("before:2026", (Fact("until", day(2026, 1, 1)),)),
        ("before:3.11.2024", (Fact("until", day(2024, 11, 3)),)),
        ("before:3/11/2024", (Fact("until", day(2024, 11, 3)),)),
        ("before:11/23/2024", (Fact("until", day(2024, 11, 23)),)),
        ("on:2024-05", (Both((Fact("since", day(2024, 5, 1)), Fact("until", day(2024, 6, 1)))),)),
        ("on:2024", (Both((Fact("since", day(2024, 1, 1)), Fact("until", day(2025, 1, 1)))),)),
        ("after:yesterday", (Fact("since", day(2026, 3, 9)),)),
        ("older_than:7d", (Fact("until", day(2026, 3, 3)),)),
        ("newer_than:2w", (Fact("since", day(2026, 2, 24)),)),
        ("a OR b", (Either((words("a"), words("b"))),)),
        ("x a OR b OR c y", (words("x"), Either((words("a"), words("b"), words("c"))), words("y"))),
        ("(a b) OR c", (Either((Both((words("a"), words("b"))), words("c"))),)),
        ("-(a OR b)", (Not(Either((words("a"), words("b")))),)),
        ("to:(a OR bo)", (Either((words("a", field="to"), words("bo", field="to"))),)),
        ("OR a OR", (words("a"),)),
        ("((a", (words("a"),)),
        ("a))", (words("a"),)),
        ("from:", ()),
        ('"open', (words("open", exact=True),)),
        ("-", ()),
        ("()", ()),
        ("***", ()),
    ],
)  # fmt: skip
def test_what_is_typed_is_understood(typed: str, nodes: tuple[Node, ...]) -> None:
    found = parse(typed, today=TODAY)
    assert found.node.of == nodes
    assert [piece.doubt for piece in found.pieces if piece.doubt] == []


@pytest.mark.parametrize(
    ("typed", "found", "doubt"),
    [
        ("before:2026-13-01", ("before", "2026", "13", "01"), "date"),
        ("after:0001", ("after", "0001"), "date"),
        ("on:99999-01", ("on", "99999", "01"), "date"),
        ("older_than:soon", ("older", "than", "soon"), "date"),
        ("older_than:9999y", ("older", "than", "9999y"), "date"),
        ("larger:much", ("larger", "much"), "size"),
        ("is:blue", ("is", "blue"), "value"),
        ("colour:blue", ("colour", "blue"), "operator"),
        ("https://x.test", ("https", "x", "test"), ""),
        ("Re: lunch", ("re", "lunch"), ""),
    ],
)
def test_what_is_not_understood_is_searched_as_words_and_said(
    typed: str, found: tuple[str, ...], doubt: str
) -> None:
    query = parse(typed, today=TODAY)
    assert (query.node.of, query.pieces[0].doubt) == ((Term(found),), doubt)


def test_days_are_those_of_the_user() -> None:
    [fact] = parse("after:2026-02-01", zone=ZoneInfo("Asia/Tokyo")).node.of
    assert isinstance(fact, Fact)
    assert isinstance(fact.value, datetime)
    assert fact.value.astimezone(UTC) == datetime(2026, 1, 31, 15, tzinfo=UTC)


def test_a_query_has_bounds_and_says_so() -> None:
    many = parse(" ".join("w" * (n % 7 + 1) for n in range(100)))
    assert len(many.pieces) == 100
    assert len(list(leaves(many.node))) == 30
    assert many.is_cut
    assert parse("(" * 900 + "a" + ")" * 90).is_cut
    assert parse("a " * 5000).is_cut
    assert not parse("a (b (c))").is_cut


def test_a_piece_can_be_taken_out() -> None:
    query = parse('lunch from:ada -"big deal" (a OR b) end')
    assert [query.without(piece) for piece in query.pieces] == [
        'from:ada -"big deal" (a OR b) end',
        'lunch -"big deal" (a OR b) end',
        "lunch from:ada (a OR b) end",
        'lunch from:ada -"big deal" end',
        'lunch from:ada -"big deal" (a OR b)',
    ]


def test_every_operator_that_is_offered_is_understood() -> None:
    values = {"has": "image", "is": "read", "older_than": "2d", "newer_than": "2d"}
    values |= dict.fromkeys(("before", "after", "on"), "2024") | {"larger": "1k", "smaller": "1k"}
    for name in OPERATORS:
        [piece] = parse(f"{name}:{values.get(name, 'x')}", today=TODAY).pieces
        assert piece.doubt == "", name
        assert piece.node != Term((name, "x")), name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Straße ÉCOLE ﬁn", ["strasse", "ecole", "fin"]),
        ("a_b don't", ["a", "b", "don", "t"]),
        ("東京都", ["東京", "京都", "都"]),
        ("価格は", ["価格", "格は", "は"]),
        ("한국어", ["한국", "국어", "어"]),
        ("abc東京def", ["abc", "東京", "京", "def"]),
        ("IĞDIR İzmir \u0131ş\u0131k", ["igdir", "izmir", "isik"]),
        ("Łódź Ærø Þór", ["lodz", "aero", "thor"]),
        ("مُحَمَّد كـتاب", ["محمد", "كتاب"]),
        ("שָׁלוֹם", ["שלום"]),
        ("co\u00adoperate", ["cooperate"]),
        ("party🎉🎉 ❤️ 👍🏽", ["party", "🎉", "🎉", "❤", "👍"]),
        ("ada.berg+x@mail.example", ["ada", "berg", "x", "mail", "example"]),
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


def test_numbers_in_groups_are_found_as_one() -> None:
    text = "EUR 1,234.50, call +49 (170) 123-4567; 3 of 4; 12345"
    assert numbers(text, 10) == ["123450", "491701234567"]
