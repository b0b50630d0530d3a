"""Filters to Sieve and back, and scripts of other programs."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sievelib.parser import Parser

from filtering import sieve_export, sieve_import
from filtering.actions import Action, Do
from filtering.conditions import Condition, Field, Op
from filtering.sieve_map import ALWAYS, MAX_SCRIPT, Portable

WORDS = st.text(
    st.characters(blacklist_categories=("Cc", "Cs")) | st.sampled_from('"\\*?[]{};#/.'),
    min_size=1,
    max_size=12,
)
TEXT = (Field.FROM, Field.TO, Field.CC, Field.TO_OR_CC, Field.SUBJECT, Field.LIST)
SINGLE = (
    Op.CONTAINS, Op.LACKS, Op.IS, Op.IS_NOT, Op.BEGINS, Op.ENDS, Op.MATCHES,
)  # fmt: skip
NAMES = st.sampled_from(["X-Spam", "x-foo", "Reply-To", "List-Unsubscribe"])
SEVERAL = st.lists(WORDS, min_size=2, max_size=3).map(tuple)
DAYS = st.dates().map(str)
CONDITIONS = st.one_of(
    st.builds(Condition, st.sampled_from(TEXT), st.sampled_from(SINGLE), WORDS),
    st.builds(Condition, st.sampled_from(TEXT), st.sampled_from([Op.EXISTS, Op.IS_MISSING])),
    st.builds(Condition, st.sampled_from(TEXT), st.just(Op.ONE_OF), SEVERAL),
    st.builds(Condition, st.just(Field.HEADER), st.sampled_from(SINGLE), WORDS, NAMES),
    st.builds(
        Condition, st.just(Field.BODY), st.sampled_from([Op.CONTAINS, Op.LACKS, Op.MATCHES]), WORDS
    ),
    st.builds(
        Condition,
        st.just(Field.SIZE),
        st.sampled_from([Op.OVER, Op.UNDER]),
        st.integers(0, 2**40),
    ),
    st.builds(Condition, st.just(Field.DATE), st.just(Op.BETWEEN), st.tuples(DAYS, DAYS)),
)
PATHS = WORDS.map(lambda word: f"Bills/{word}")
PLACES = st.one_of(
    st.builds(Action, st.just(Do.MOVE), PATHS),
    st.sampled_from([Action(Do.DELETE), Action(Do.KEEP)]),
)
OTHERS = st.one_of(
    st.builds(Action, st.just(Do.COPY), PATHS),
    st.builds(Action, st.just(Do.LABEL), WORDS.map(lambda word: f"L{word}")),
    st.builds(Action, st.just(Do.FORWARD), st.just("otto@example.test")),
    st.sampled_from([Action(Do.STAR), Action(Do.READ), Action(Do.NEVER_JUNK), Action(Do.STOP)]),
)
ACTIONS = st.builds(
    lambda place, more: (*place, *more),
    st.lists(PLACES, max_size=1),
    st.lists(OTHERS, min_size=1, max_size=4, unique=True),
)
FILTERS = st.builds(
    Portable,
    st.text(max_size=20).filter(lambda name: "]" not in name),
    st.lists(CONDITIONS, min_size=1, max_size=4).map(tuple),
    ACTIONS,
    is_any=st.booleans(),
    is_on=st.booleans(),
)


def plain(one: Portable) -> tuple[object, ...]:
    """What two filters that do the same have in common."""
    is_any = one.is_any and len(one.conditions) > 1
    return one.conditions, frozenset(one.actions), is_any, one.is_on


@settings(max_examples=80)
@given(st.lists(FILTERS, max_size=3))
def test_there_and_back(filters: list[Portable]) -> None:
    script, left = sieve_export.script(filters)
    assert left == ()
    found = sieve_import.read(script.encode())
    assert (found.left, found.stopped) == ((), "")
    assert [plain(one) for one in found.filters] == [plain(one) for one in filters]
    # Once read, nothing changes any more.
    again, _left = sieve_export.script(found.filters)
    assert sieve_import.read(again.encode()) == found


HOSTILE = st.sampled_from(
    [
        '"; discard; #', '\\"; discard; #', ']\nredirect "x@evil.test";', "*/ discard;", "\\",
        'a"\r\n.\r\ndiscard;', "\u2028discard;", "${x}", "]", "text:\nx\n.\n", "\x85discard;",
    ]
)  # fmt: skip


@settings(max_examples=50)
@given(HOSTILE, HOSTILE, HOSTILE, st.sampled_from(SINGLE))
def test_names_and_strings_inject_nothing(name: str, word: str, path: str, op: Op) -> None:
    one = Portable(name, (Condition(Field.SUBJECT, op, word),), (Action(Do.COPY, path),))
    label = replace(one, actions=(Action(Do.LABEL, f"x{path}"),))
    script, _left = sieve_export.script([one, label])
    parser = Parser()
    assert parser.parse(script.encode()), parser.error
    for command in parser.result:
        assert command.name in ("require", "if")
        assert all(child.name in ("fileinto", "addflag") for child in command.children)
        assert len(command.children) <= 1


def test_what_sieve_has_no_words_for_is_left_out_whole() -> None:
    score = Condition(Field.SPAM_SCORE, Op.OVER, 5)
    kept = Portable("Fine", (Condition(Field.SUBJECT, Op.IS, "a"),), (Action(Do.READ),))
    partly = Portable("Score", (kept.conditions[0], score), (Action(Do.DELETE),), is_any=True)
    gone = replace(kept, name="Gone", actions=(Action(Do.MOVE, ""),))
    broken = replace(kept, name="Broken", conditions=(Condition(Field.BODY, Op.CONTAINS, "a\nb"),))
    script, left = sieve_export.script([kept, partly, gone, broken])
    assert [(one.name, one.place, one.cause) for one in left] == [
        ("Score", 2, "condition"),
        ("Gone", 3, "folder"),
        ("Broken", 4, "characters"),
    ]
    assert script.count("# rule:") == 1
    assert "Trash" not in script


ROUNDCUBE = b"""require ["fileinto","imap4flags","copy"];
# rule:[Lists]
if anyof (header :contains ["list-id","x-list"] ["django-users","celery"],
          header :matches "Subject" "[dev]*")
{
	fileinto "INBOX.Lists.Dev";
	stop;
}
# rule:[Boss]
if allof (address :domain :is "from" "work.test", not header :contains "subject" ["lunch", "sport"])
{
	addflag "\\\\Flagged";
	redirect "mara@home.test";
}
# rule:[Off]
if false # anyof (true)
{
	discard;
}
"""


def test_a_script_of_another_program() -> None:
    found = sieve_import.read(ROUNDCUBE)
    lists, boss = found.filters
    assert (lists.name, lists.is_any) == ("Lists", True)
    assert lists.conditions[0] == Condition(Field.HEADER, Op.CONTAINS, "django-users", "list-id")
    assert lists.conditions[-1] == Condition(Field.SUBJECT, Op.BEGINS, "[dev]")
    assert lists.actions == (Action(Do.MOVE, "Lists/Dev"), Action(Do.STOP))
    assert boss.conditions == (
        Condition(Field.FROM, Op.ENDS, "@work.test"),
        Condition(Field.SUBJECT, Op.LACKS, "lunch"),
        Condition(Field.SUBJECT, Op.LACKS, "sport"),
    )
    assert boss.actions == (Action(Do.STAR), Action(Do.FORWARD, "mara@home.test"))
    assert boss.notes == ("stays",)
    assert [(one.name, one.cause) for one in found.left] == [("Off", "off")]


def test_else_means_that_what_was_before_is_not_so() -> None:
    found = sieve_import.read(b"""
        require ["fileinto", "vacation"];
        if header :is "subject" "a" { fileinto "A"; }
        elsif size :over 1K { fileinto "B"; stop; }
        else { fileinto "C"; }
        if header :matches "subject" "a?b" { vacation "gone"; } else { fileinto "D"; }
        if header :matches "subject" "a?b" { fileinto "E"; } else { fileinto "F"; }
    """)
    subject = Condition(Field.SUBJECT, Op.IS_NOT, "a")
    assert [one.conditions for one in found.filters] == [
        (Condition(Field.SUBJECT, Op.IS, "a"),),
        (subject, Condition(Field.SIZE, Op.OVER, 1024)),
        # The second one stops, so that nothing has to be said of it.
        (subject,),
        (Condition(Field.SUBJECT, Op.MATCHES, "(?s)^a.b$"),),
    ]
    assert [(one.place, one.cause) for one in found.left] == [
        (4, "action"), (5, "else"), (7, "not"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (b'not exists ["x-a","x-b"]', None),
        (b"anyof (allof (true, size :over 1), size :under 9)", 2),
        (b'allof (anyof (size :over 1, size :under 9), header :is "x" "y")', None),
        (b'allof (header :contains "subject" ["a", "b.c"], size :over 1)', 2),
        (b'header :count "gt" "subject" "1"', None),
        (b'environment "name" "x"', None),
        (b"allof (true, not false)", 1),
    ],
)
def test_tests_within_tests(test: bytes, expected: int | None) -> None:
    head = b'require ["fileinto","relational","environment"];'
    found = sieve_import.read(head + b"if " + test + b' { fileinto "A"; }')
    if expected is None and test.startswith(b"not exists"):
        # Either of them is missing.
        assert [one.op for one in found.filters[0].conditions] == [Op.IS_MISSING] * 2
        assert found.filters[0].is_any
    elif expected is None:
        assert found.filters == ()
        assert len(found.left) == 1 or found.stopped
    else:
        assert len(found.filters[0].conditions) == expected


def test_actions_without_a_condition_and_what_stands_below_a_stop() -> None:
    found = sieve_import.read(b'require "copy"; redirect :copy "a@b.test"; keep; stop; discard;')
    (only,) = found.filters
    assert only.conditions == (ALWAYS,)
    assert only.actions == (Action(Do.KEEP), Action(Do.FORWARD, "a@b.test"), Action(Do.STOP))


def test_reading_ends_at_a_mistake_and_says_where() -> None:
    found = sieve_import.read(b"if size :over 1 { stop; }\nif nonsense { discard; }")
    assert len(found.filters) == 1
    assert re.search("line 2", found.stopped)
    assert sieve_import.read(b" " * (MAX_SCRIPT + 1)).stopped == "too large"


PIECES = st.sampled_from(
    [
        b"if ", b"elsif ", b"else ", b"not ", b"allof (", b"anyof (", b"true", b"false", b")", b",",
        b"{", b"}", b";", b'"a"', b'["a","b"]', b"header ", b":is ", b":contains ", b"size :over ",
        b"1K", b"keep;", b"stop;", b"discard;", b'fileinto "x";', b'require "fileinto";',
        b"text:\n", b"\n.\n", b"# rule:[x]\n", b"/*", b"*/", b"exists ",
        b"address :localpart ", b"\xff",
    ]
)  # fmt: skip


@settings(max_examples=100)
@given(st.lists(PIECES | st.binary(max_size=4), max_size=25).map(b"".join))
def test_any_script_is_read_without_an_error(script: bytes) -> None:
    found = sieve_import.read(script)
    assert len(found.filters) + len(found.left) <= 25


def test_deep_scripts_are_refused_not_followed() -> None:
    deep = b"not " * 20_000
    assert sieve_import.read(b"if " + deep + b"true { stop; }").filters == ()
