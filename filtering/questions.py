"""Conditions as functions of a message: made once, asked for every message. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import cast

from filtering.conditions import BARE, Condition, Field, Op
from filtering.facts import Facts, key_of
from filtering.patterns import finder
from mailstore.tokens import fold

Question = Callable[[Facts], bool]


def question(one: Condition) -> Question:
    """The question a condition asks. Raises ValueError where it makes no sense."""
    return _MAKERS.get(one.field, _text)(one)


def all_of(asked: Collection[Question]) -> Question:
    """Whether all are answered with yes."""
    if len(asked) == 1:
        return next(iter(asked))
    if len(asked) == 2:
        first, second = asked
        return lambda facts: first(facts) and second(facts)

    def holds(facts: Facts) -> bool:
        for one in asked:  # noqa: SIM110 - asked a million times: a generator takes twice as long
            if not one(facts):
                return False
        return True

    return holds


def any_of(asked: Collection[Question]) -> Question:
    """Whether one is answered with yes."""
    if len(asked) == 1:
        return next(iter(asked))
    if len(asked) == 2:
        first, second = asked
        return lambda facts: first(facts) or second(facts)

    def holds(facts: Facts) -> bool:
        for one in asked:  # noqa: SIM110 - asked a million times: a generator takes twice as long
            if one(facts):
                return True
        return False

    return holds


def _text(one: Condition) -> Question:
    key = key_of(one.field, one.name, is_address=_is_address(one))
    if one.op == Op.MATCHES:
        found = finder(_word(one))
        return lambda facts: any(map(found, facts.values(key)))
    if one.op == Op.EXISTS:
        return lambda facts: bool(facts.values(key))
    if one.op == Op.IS_MISSING:
        return lambda facts: not facts.values(key)
    if one.op == Op.ONE_OF:
        several = frozenset(fold(word) for word in _several(one))
        return lambda facts: not several.isdisjoint(facts.folded(key))
    return _compared(one.op, key, fold(" ".join(_word(one).splitlines())))


def _is_address(one: Condition) -> bool:
    """Whether an address is asked for: a name that looks like one would be anybody's to write,
    and no server proves names."""
    if one.op in (Op.MATCHES, *BARE):
        return False
    words = one.value if isinstance(one.value, tuple) else (one.value,)
    return all(isinstance(word, str) and "@" in word for word in words)


def _compared(op: Op, key: str, word: str) -> Question:
    # Values stand between line ends, so the ends of a value can be looked for as well.
    wanted = {
        Op.CONTAINS: word,
        Op.LACKS: word,
        Op.IS: f"\n{word}\n",
        Op.IS_NOT: f"\n{word}\n",
        Op.BEGINS: f"\n{word}",
        Op.ENDS: f"{word}\n",
    }.get(op)
    if wanted is None:
        raise ValueError(f"{op} compares no text")
    if op in (Op.LACKS, Op.IS_NOT):
        return lambda facts: wanted not in facts.joined[key]
    return lambda facts: wanted in facts.joined[key]


def _word(one: Condition) -> str:
    if not isinstance(one.value, str) or not one.value:
        raise ValueError(f"{one.field} is compared with nothing")
    return one.value


def _several(one: Condition) -> tuple[str, ...]:
    found = tuple(word for word in cast("tuple[str, ...]", one.value) if isinstance(word, str))
    if not isinstance(one.value, tuple) or not found:
        raise ValueError(f"{one.field} is compared with nothing")
    return found


def _number(one: Condition) -> float:
    if isinstance(one.value, bool) or not isinstance(one.value, (int, float)):
        raise ValueError(f"{one.field} is compared with no number")
    return one.value


def _size(one: Condition) -> Question:
    than = _number(one)
    if one.op == Op.OVER:
        return lambda facts: facts.size > than
    return lambda facts: facts.size < than


def _attachment_size(one: Condition) -> Question:
    than = _number(one)
    if one.op == Op.OVER:
        return lambda facts: any(part.size > than for part in facts.attachments)
    return lambda facts: any(part.size < than for part in facts.attachments)


def _score(one: Condition) -> Question:
    than = _number(one)
    if one.op == Op.OVER:
        return lambda facts: facts.score is not None and facts.score > than
    return lambda facts: facts.score is not None and facts.score < than


def _date(one: Condition) -> Question:
    if one.op == Op.BETWEEN:
        first, last = (date.fromisoformat(str(day)) for day in cast("tuple[str, str]", one.value))
        return lambda facts: first <= facts.arrived_at.date() <= last
    days = timedelta(days=_number(one))
    if one.op == Op.OLDER:
        return lambda facts: facts.now - facts.arrived_at > days
    return lambda facts: facts.now - facts.arrived_at < days


def _account(one: Condition) -> Question:
    wanted = frozenset(one.value if isinstance(one.value, tuple) else (one.value,))
    if not wanted or not all(type(key) is int for key in wanted):
        raise ValueError("an account is named by its key")
    if one.op == Op.IS_NOT:
        return lambda facts: facts.source not in wanted
    return lambda facts: facts.source in wanted


def _proof(one: Condition) -> Question:
    word = _word(one)
    if word not in ("passes", "fails", "unknown"):
        raise ValueError(f"{word} is no result")
    if one.op == Op.IS:
        return lambda facts: facts.proof == word
    return lambda facts: facts.proof != word


_MAKERS: dict[Field, Callable[[Condition], Question]] = {
    Field.SIZE: _size,
    Field.ATTACHMENT_SIZE: _attachment_size,
    Field.SPAM_SCORE: _score,
    Field.DATE: _date,
    Field.ACCOUNT: _account,
    Field.AUTH: _proof,
}
