"""Filters as functions of a message: what they ask, their order, and that they stop."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filtering.actions import Action, Do
from filtering.conditions import OPERATORS, Condition, Field, Op
from filtering.facts import Facts
from filtering.patterns import MAX_TEXT, PatternRefused, finder
from filtering.questions import question
from filtering.rules import Outcome, Rule, apply_filters, rule
from mailstore import mime
from tests.mail import NOW, letter, mixed

LETTER = letter(
    "Rechnung für Müller im März",
    sender="Ada Bérg <Ada@Shop.Example.test>",
    to="Mara Lind <mara@example.test>",
    text="Bitte überweisen Sie den Betrag.",
    extra="Cc: Otto <otto@example.test>\nX-Priority: 1\nX-Tag: a\nX-Tag: b\n"
    "List-Id: Sailing <sail.lists.test>\n",
)


def facts(raw: bytes = LETTER, **more: object) -> Facts:
    said: dict[str, object] = {"size": len(raw), "arrived_at": NOW - timedelta(days=10)}
    return Facts(mime.summary(raw), lambda: raw, now=NOW, **{**said, **more})  # type: ignore[arg-type] # keywords of Facts


def holds(field: Field, op: Op, value: object = "", name: str = "", **more: object) -> bool:
    one = Condition(field, op, value, name)  # type: ignore[arg-type] # any value
    assert Condition.of_row(one.as_row) == one
    return question(one)(facts(**more))  # type: ignore[arg-type] # keywords of Facts


@pytest.mark.parametrize(
    ("field", "op", "value", "name"),
    [
        (Field.FROM, Op.CONTAINS, "shop.example", ""),
        (Field.FROM, Op.CONTAINS, "ADA BERG", ""),
        (Field.FROM, Op.IS, "ada@shop.example.test", ""),
        (Field.FROM, Op.ENDS, "@shop.example.test", ""),
        (Field.FROM, Op.ONE_OF, ("x@y.test", "ADA@shop.example.test"), ""),
        (Field.TO, Op.IS, "Mara Lind", ""),
        (Field.TO, Op.LACKS, "otto", ""),
        (Field.CC, Op.IS, "otto@example.test", ""),
        (Field.TO_OR_CC, Op.CONTAINS, "otto", ""),
        (Field.SUBJECT, Op.CONTAINS, "muller", ""),
        (Field.SUBJECT, Op.BEGINS, "RECHNUNG", ""),
        (Field.SUBJECT, Op.MATCHES, r"m[aä]rz$", ""),
        (Field.SUBJECT, Op.IS_NOT, "Rechnung", ""),
        (Field.HEADER, Op.IS, "1", "X-PRIORITY"),
        (Field.HEADER, Op.IS, "b", "X-Tag"),
        (Field.HEADER, Op.EXISTS, "", "list-id"),
        (Field.HEADER, Op.IS_MISSING, "", "x-nothing"),
        (Field.BODY, Op.CONTAINS, "UBERWEISEN", ""),
        (Field.BODY, Op.MATCHES, r"betrag\.", ""),
        (Field.LIST, Op.CONTAINS, "sail.lists.test", ""),
        (Field.SIZE, Op.UNDER, 10_000, ""),
        (Field.DATE, Op.OLDER, 9, ""),
        (Field.DATE, Op.NEWER, 11, ""),
        (Field.DATE, Op.BETWEEN, ("2026-02-19", "2026-02-19"), ""),
    ],
)
def test_what_a_letter_meets(field: Field, op: Op, value: object, name: str) -> None:
    assert holds(field, op, value, name)


@pytest.mark.parametrize(
    ("field", "op", "value"),
    [
        (Field.FROM, Op.IS, "ada"),
        (Field.FROM, Op.ENDS, "@shop.example"),
        (Field.FROM, Op.IS_NOT, "ada@shop.example.test"),
        (Field.SUBJECT, Op.BEGINS, "muller"),
        (Field.SUBJECT, Op.ENDS, "muller"),
        (Field.SUBJECT, Op.LACKS, "Müller"),
        (Field.SUBJECT, Op.IS_MISSING, ""),
        (Field.SIZE, Op.OVER, 10_000),
        (Field.DATE, Op.OLDER, 10),
        (Field.DATE, Op.BETWEEN, ("2026-02-20", "2026-03-01")),
        (Field.ACCOUNT, Op.IS, 3),
        (Field.AUTH, Op.IS, "passes"),
        (Field.SPAM_SCORE, Op.OVER, -100),
        (Field.SPAM_SCORE, Op.UNDER, 100),
    ],
)
def test_what_it_does_not_meet(field: Field, op: Op, value: object) -> None:
    assert not holds(field, op, value)


def test_what_is_told_of_it_from_outside() -> None:
    assert holds(Field.ACCOUNT, Op.ONE_OF, (3, 4), source=4)
    assert holds(Field.AUTH, Op.IS_NOT, "passes", proof=lambda: "fails")
    assert holds(Field.SPAM_SCORE, Op.OVER, 4.5, score=5.0)


def test_attachments() -> None:
    raw = mixed(name="Rechnung März.PDF", data=b"x" * 5000)
    assert holds(Field.ATTACHMENT_NAME, Op.ENDS, ".pdf", raw=raw)
    assert holds(Field.ATTACHMENT_TYPE, Op.IS, "application/pdf", raw=raw)
    assert holds(Field.ATTACHMENT_SIZE, Op.OVER, 3000, raw=raw)
    # A picture inside the text is nothing that is attached.
    assert not holds(Field.ATTACHMENT_TYPE, Op.BEGINS, "image/", raw=raw)
    assert not holds(Field.ATTACHMENT_NAME, Op.EXISTS)


def test_nothing_is_read_that_nobody_asks_for() -> None:
    def never() -> bytes:
        raise AssertionError

    said = mime.summary(LETTER)
    one = Facts(said, never, size=1, arrived_at=NOW, now=NOW)
    assert question(Condition(Field.SUBJECT, Op.CONTAINS, "rechnung"))(one)
    with pytest.raises(AssertionError):
        question(Condition(Field.BODY, Op.CONTAINS, "x"))(one)


@pytest.mark.parametrize(
    ("pattern", "cause"),
    [
        ("", "empty"),
        ("a" * 501, "long"),
        ("(", "syntax"),
        (r"(?=a)", "syntax"),
        (r"(a)\1", "syntax"),
        ("((a{100}){100}){100}", "syntax"),
        (r"\pL{900}", "large"),
    ],
)
def test_expressions_that_are_refused(pattern: str, cause: str) -> None:
    with pytest.raises(PatternRefused) as refused:
        finder(pattern)
    assert refused.value.cause == cause
    assert refused.value.detail or cause in ("empty", "long")


def test_an_expression_that_would_hang_others() -> None:
    # The usual engines take longer than the universe for the first.
    assert not finder(r"^(a+)+$")("a" * 60_000 + "b")
    assert not finder(r"(x+x+)+y")("x" * 200_000)


PLACES = (Do.MOVE, Do.DELETE, Do.KEEP)
ACTIONS = st.one_of(
    st.builds(Action, st.sampled_from([Do.MOVE, Do.COPY, Do.LABEL]), st.integers(1, 4)),
    st.builds(Action, st.just(Do.FORWARD), st.sampled_from(["a@x.test", "b@x.test"])),
    st.builds(Action, st.sampled_from(sorted(set(Do) - {Do.MOVE, Do.COPY, Do.LABEL, Do.FORWARD}))),
)


def yes(_facts: Facts) -> bool:
    return True


def no(_facts: Facts) -> bool:
    return False


def ready(made: list[tuple[bool, list[Action]]]) -> list[Rule]:
    return [
        Rule(pk, f"f{pk}", False, yes if meets else no, tuple(does))
        for pk, (meets, does) in enumerate(made)
    ]


FILTERS = st.lists(
    st.tuples(st.booleans(), st.lists(ACTIONS, min_size=1, max_size=4)), max_size=8
).map(ready)
LETTERS = facts()


@given(FILTERS)
def test_only_what_is_met_before_the_first_stop_is_heard(filters: list[Rule]) -> None:
    met: list[Rule] = []
    for one in filters:
        if one.meets(LETTERS):
            met.append(one)
            if Action(Do.STOP) in one.actions:
                break
    outcome = apply_filters(filters, LETTERS)
    assert outcome.met == tuple(met)
    done = [action for one in met for action in one.actions]
    places = [action for action in done if action.do in PLACES]
    assert outcome.place == (places[0] if places else None)
    assert set(outcome.labels) == {one.target for one in done if one.do == Do.LABEL}
    assert len(set(outcome.labels)) == len(outcome.labels)
    assert set(outcome.copies) == {one.target for one in done if one.do == Do.COPY}
    forwards = {one.target for one in done if one.do == Do.FORWARD}
    assert {to for to, _by in outcome.forwards} == forwards
    assert outcome.is_starred == (Action(Do.STAR) in done)


@given(FILTERS, FILTERS)
def test_what_comes_later_adds_and_takes_nothing_away(
    first: list[Rule], second: list[Rule]
) -> None:
    alone, together = apply_filters(first, LETTERS), apply_filters([*first, *second], LETTERS)
    assert together.met[: len(alone.met)] == alone.met
    assert set(alone.labels) <= set(together.labels)
    assert alone.place is None or together.place == alone.place
    stops = any(Action(Do.STOP) in one.actions for one in alone.met)
    assert not stops or together == alone


@given(FILTERS)
def test_the_same_twice_is_the_same(filters: list[Rule]) -> None:
    once = apply_filters(filters, LETTERS)
    assert apply_filters(filters, LETTERS) == once
    without_stop = [one for one in filters if Action(Do.STOP) not in one.actions]
    twice: Outcome = apply_filters(without_stop * 2, LETTERS)
    assert twice.labels == apply_filters(without_stop, LETTERS).labels


@given(st.text(max_size=60), st.sampled_from(OPERATORS[Field.SUBJECT]))
def test_no_word_makes_a_question_fail(word: str, op: Op) -> None:
    one = Condition(Field.SUBJECT, op, (word,) if op == Op.ONE_OF else word)
    try:
        asked = question(one)
    except ValueError:
        return
    assert asked(LETTERS) in (True, False)
    assert Condition.of_row(one.as_row).op == op


def test_all_or_any_and_never_none() -> None:
    met = Condition(Field.SUBJECT, Op.CONTAINS, "rechnung")
    missed = Condition(Field.SUBJECT, Op.CONTAINS, "quittung")
    for is_any, expected in ((True, True), (False, False)):
        made = rule(1, "f", is_domain=False, is_any=is_any, conditions=[met, missed], actions=[])
        assert made.meets(facts()) is expected
    with pytest.raises(ValueError, match="without conditions"):
        rule(1, "f", is_domain=False, is_any=False, conditions=[], actions=[])


@pytest.mark.parametrize(
    "row",
    [
        None, [], {}, {"field": "from"}, {"field": "from", "op": "over", "value": 1},
        {"field": "colour", "op": "is", "value": "red"},
    ],
)  # fmt: skip
def test_rows_that_say_nothing_are_refused(row: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any reason
        Condition.of_row(row)


def test_a_day_is_the_readers() -> None:
    late = datetime.fromisoformat("2026-02-19T23:30:00+00:00")
    here = datetime.fromisoformat("2026-02-20T00:30:00+01:00")
    one = Condition(Field.DATE, Op.BETWEEN, ("2026-02-20", "2026-02-20"))
    assert late == here
    assert question(one)(facts(arrived_at=here))
    assert not question(one)(facts(arrived_at=late))


@pytest.mark.parametrize(
    ("field", "op", "value"),
    [
        (Field.FROM, Op.IS, "boss@bank.test"),
        (Field.FROM, Op.CONTAINS, "@bank.test"),
        (Field.FROM, Op.ENDS, "@bank.test"),
        (Field.FROM, Op.ONE_OF, ("boss@bank.test", "a@bank.test")),
        (Field.TO_OR_CC, Op.BEGINS, "boss@"),
    ],
)
@pytest.mark.parametrize("is_row", [False, True])
def test_a_name_is_no_address(
    field: Field, op: Op, value: str | tuple[str, ...], is_row: bool
) -> None:
    """Anybody may call themselves by somebody's address, and no server proves names."""
    forged = '"boss@bank.test" <eve@evil.test>'
    asked = question(Condition(field, op, value))
    assert not asked(facts(letter(sender=forged, to=forged), is_row=is_row))
    true = "Boss <boss@bank.test>"
    assert asked(facts(letter(sender=true, to=true), is_row=is_row))
    lacks = question(Condition(Field.FROM, Op.LACKS, "@bank.test"))
    assert lacks(facts(letter(sender=forged)))


def test_what_all_filters_do_together_has_an_end() -> None:
    copies = [Action(Do.COPY, n) for n in range(50)]
    forwards = [Action(Do.FORWARD, f"{n}@x.test") for n in range(50)]
    again = [Action(Do.FORWARD, "0@X.test")]
    done = apply_filters(ready([(True, copies), (True, forwards), (True, again)]), LETTERS)
    assert (len(done.copies), len(done.forwards)) == (20, 10)
    assert [to for to, _by in done.forwards if to.casefold() == "0@x.test"] == ["0@x.test"]


def test_expressions_look_at_so_much_text() -> None:
    found = finder("needle")
    assert found("." * (MAX_TEXT - 6) + "needle")
    assert not found("." * MAX_TEXT + "needle")
