"""The tests of a Sieve script as conditions. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from filtering.conditions import Condition, Field, Op
from filtering.patterns import MAX_LENGTH
from filtering.sieve_map import (
    ALWAYS,
    HEADERS,
    NEVER,
    PEOPLE,
    Cannot,
    escaped,
    unquoted,
    unstarred,
)

#: How deep tests may lie in tests.
MAX_DEPTH = 20
_FIELDS = {tuple(sorted(map(str.lower, names))): field for field, names in HEADERS.items()}
_OPPOSITE = {
    Op.CONTAINS: Op.LACKS, Op.LACKS: Op.CONTAINS, Op.IS: Op.IS_NOT, Op.IS_NOT: Op.IS,
    Op.EXISTS: Op.IS_MISSING, Op.IS_MISSING: Op.EXISTS,
}  # fmt: skip
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True, slots=True)
class Form:
    """Conditions of which all are to be met, or any."""

    conditions: tuple[Condition, ...]
    is_any: bool = False

    @property
    def is_single(self) -> bool:
        """Whether it is the same either way."""
        return len(self.conditions) == 1


def form(test: Any, depth: int = 0) -> Form:
    """What a test asks. Raises Cannot where filters cannot ask that."""
    if depth > MAX_DEPTH:
        raise Cannot("nested")
    name = str(test.name)
    if name in ("allof", "anyof"):
        return _joined(test, name == "anyof", depth)
    if name == "not":
        return negated(form(test.arguments["test"], depth + 1))
    if name in ("true", "false"):
        return Form((ALWAYS if name == "true" else NEVER,))
    reader = _READERS.get(name)
    if reader is None:
        raise Cannot("condition", name)
    return reader(test)


def _joined(test: Any, is_any: bool, depth: int) -> Form:
    tests = test.arguments["tests"]
    span = _span(tests) if not is_any else None
    if span is not None:
        return Form((span,))
    forms = [form(one, depth + 1) for one in tests]
    return any_of(forms) if is_any else all_of(forms)


def all_of(forms: Iterable[Form]) -> Form:
    """All of several. Raises Cannot where one of them is an any-of that cannot be made one."""
    several = list(forms)
    if len(several) == 1:
        return several[0]
    kept = [_merged(one) for one in several]
    found = [one for part in kept for one in part.conditions]
    if any(one is NEVER for one in found):
        return Form((NEVER,))
    return Form(tuple(one for one in found if one is not ALWAYS) or (ALWAYS,))


def any_of(forms: Iterable[Form]) -> Form:
    """Any of several. Raises Cannot where one of them is an all-of."""
    kept = list(forms)
    if any(one.conditions == (ALWAYS,) and one.conditions[0] is ALWAYS for one in kept):
        return Form((ALWAYS,))
    if any(not one.is_any and not one.is_single for one in kept):
        raise Cannot("nested")
    found = [one for part in kept for one in part.conditions if one is not NEVER]
    return Form(tuple(found) or (NEVER,), is_any=True)


def _merged(one: Form) -> Form:
    """An any-of as a single condition, where they differ in a word only."""
    if not one.is_any or one.is_single:
        return one
    first = one.conditions[0]
    alike = {(each.field, each.name, each.op) for each in one.conditions}
    if alike != {(first.field, first.name, Op.CONTAINS)}:
        raise Cannot("nested")
    pattern = "|".join(escaped(str(each.value)) for each in one.conditions)
    if len(pattern) > MAX_LENGTH:
        raise Cannot("nested")
    return Form((Condition(first.field, Op.MATCHES, pattern, first.name),))


def negated(one: Form) -> Form:
    """The opposite. Raises Cannot where there is none."""
    parts = [_opposite(each) for each in one.conditions]
    return all_of(parts) if one.is_any else any_of(parts)


def _opposite(one: Condition) -> Form:
    if one is ALWAYS or one is NEVER:
        return Form((NEVER if one is ALWAYS else ALWAYS,))
    if one.op in _OPPOSITE:
        return Form((Condition(one.field, _OPPOSITE[one.op], one.value, one.name),))
    if one.op == Op.ONE_OF and isinstance(one.value, tuple):
        words = (Condition(one.field, Op.IS_NOT, str(word), one.name) for word in one.value)
        return Form(tuple(words))
    if one.field == Field.SIZE and isinstance(one.value, int):
        over = one.op == Op.OVER
        return Form(
            (Condition(Field.SIZE, Op.UNDER if over else Op.OVER, one.value + 2 * over - 1),)
        )
    raise Cannot("not", str(one.op))


def strings(value: Any) -> list[str]:
    """The strings of an argument, one or several."""
    return [unquoted(str(one)) for one in (value if isinstance(value, list) else [value])]


def _header(test: Any) -> Form:
    return _compared(test, strings(test.arguments["header-names"]), _of_header)


def _address(test: Any) -> Form:
    part = test.arguments.get("address-part", ":all")
    names = strings(test.arguments["header-list"])
    if _field(names) not in PEOPLE:
        raise Cannot("condition", "address")
    if part == ":all":
        return _compared(test, names, _of_address)
    kind = str(test.arguments.get("match-type", ":is"))
    if kind != ":is":
        raise Cannot("condition", f"address {part}")
    # What stands before the @, or behind it.
    whole = part == ":localpart"
    words = strings(test.arguments["key-list"])
    asked = ((Op.BEGINS, f"{word}@") if whole else (Op.ENDS, f"@{word}") for word in words)
    return _either(one for op, word in asked for one in _of_address(names, op, word, kind))


_Maker = Callable[[Sequence[str], Op, str, str], list[Condition]]


def _compared(test: Any, names: Sequence[str], make: _Maker) -> Form:
    kind = str(test.arguments.get("match-type", ":is"))
    words = strings(test.arguments["key-list"])
    if kind == ":is" and len(words) > 1:
        found = make(names, Op.IS, "", kind)
        return _either(Condition(one.field, Op.ONE_OF, tuple(words), one.name) for one in found)
    asked = [_question(kind, word) for word in words]
    return _either(one for op, word in asked for one in make(names, op, word, kind))


def _either(found: Iterable[Condition]) -> Form:
    conditions = tuple(found)
    return Form(conditions, is_any=len(conditions) > 1)


def _question(kind: str, word: str) -> tuple[Op, str]:
    if kind == ":matches":
        return unstarred(word)
    ops = {":contains": Op.CONTAINS, ":is": Op.IS, ":regex": Op.MATCHES}
    if kind not in ops:
        raise Cannot("condition", kind)
    return ops[kind], word


def _field(names: Sequence[str]) -> Field | None:
    return _FIELDS.get(tuple(sorted(map(str.lower, names))))


def _of_header(names: Sequence[str], op: Op, word: str, kind: str) -> list[Condition]:
    field = _field(names)
    # The whole line of a header field with people is more than an address.
    part = op in (Op.CONTAINS, Op.EXISTS) or kind == ":regex"
    if field is not None and (field not in PEOPLE or part):
        return [Condition(field, op, word)]
    return [Condition(Field.HEADER, op, word, name) for name in names]


def _of_address(names: Sequence[str], op: Op, word: str, kind: str) -> list[Condition]:
    field = _field(names)
    return [Condition(field, op, word)] if field is not None else []


def _exists(test: Any) -> Form:
    names = strings(test.arguments["header-names"])
    # All of those have to be there.
    return all_of(Form(tuple(_of_header([name], Op.EXISTS, "", ""))) for name in names)


def _body(test: Any) -> Form:
    if test.arguments.get("body-transform", ":text") != ":text":
        raise Cannot("condition", "body")
    kind = str(test.arguments.get("match-type", ":is"))
    asked = [_question(kind, word) for word in strings(test.arguments["key-list"])]
    if any(op not in (Op.CONTAINS, Op.MATCHES) for op, _word in asked):
        raise Cannot("condition", "body")
    return _either(Condition(Field.BODY, op, word) for op, word in asked)


def _size(test: Any) -> Form:
    limit = str(test.arguments["limit"]).upper()
    unit = _UNITS.get(limit[-1:], 1)
    digits = limit.rstrip("KMG")
    if len(digits) > 15:
        raise Cannot("condition", "size")
    over = test.arguments["comparator"] == ":over"
    return Form((Condition(Field.SIZE, Op.OVER if over else Op.UNDER, int(digits) * unit),))


def _span(tests: Sequence[Any]) -> Condition | None:
    """Two tests of the day that bound it on both sides."""
    if len(tests) != 2 or any(one.name != "currentdate" for one in tests):
        return None
    days: dict[str, str] = {}
    for one in tests:
        said = one.arguments
        words = strings(said["key-list"])
        plain = said.get("match-type") == ":value" and strings(said["date-part"]) == ["date"]
        if not plain or "zone" in said or len(words) != 1:
            return None
        days[unquoted(str(one.extra_arguments["match-type"]))] = words[0]
    if set(days) != {"ge", "le"}:
        return None
    return Condition(Field.DATE, Op.BETWEEN, (days["ge"], days["le"]))


_READERS: dict[str, Callable[[Any], Form]] = {
    "header": _header,
    "address": _address,
    "exists": _exists,
    "body": _body,
    "size": _size,
}
