"""Filters written as one Sieve script (RFC 5228, 5173, 5231, 5232, 5260, 3894). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from filtering.actions import Action, Do
from filtering.conditions import Condition, Field, Op
from filtering.sieve_map import (
    FLAGGED,
    HEADERS,
    NOT_JUNK,
    PEOPLE,
    SEEN,
    TRASH,
    Cannot,
    LeftOut,
    Portable,
    one_line,
    quoted,
    starred,
)

_NEGATIVE = {Op.LACKS: Op.CONTAINS, Op.IS_NOT: Op.IS, Op.IS_MISSING: Op.EXISTS}


def script(filters: Sequence[Portable]) -> tuple[str, tuple[LeftOut, ...]]:
    """The script, and the filters that are not in it because Sieve has no words for them.

    Their order is the script's. Other programs may do one thing differently: where several filters
    move a message, Sieve files it into each of their folders.
    """
    blocks: list[str] = []
    needed: set[str] = set()
    left: list[LeftOut] = []
    for place, one in enumerate(filters, 1):
        try:
            block, needs = _block(one)
        except Cannot as cannot:
            left.append(LeftOut(one.name, place, cannot.cause, cannot.detail))
            continue
        blocks.append(block)
        needed |= needs
    names = ", ".join(quoted(name) for name in sorted(needed))
    head = [f"require [{names}];\n"] if needed else []
    return "\n".join([*head, *blocks]), tuple(left)


def _block(one: Portable) -> tuple[str, set[str]]:
    needs: set[str] = set()
    tests = ",\n    ".join(_test(condition, needs) for condition in one.conditions)
    test = f"{'anyof' if one.is_any else 'allof'} ({tests})"
    if not one.is_on:
        test = f"allof (false, {test})"
    lines = "".join(f"    {_command(action, needs)};\n" for action in one.actions)
    return f"# rule:[{one_line(one.name)}]\nif {test} {{\n{lines}}}\n", needs


def _test(one: Condition, needs: set[str]) -> str:
    if one.op in _NEGATIVE:
        positive = Condition(one.field, _NEGATIVE[one.op], one.value, one.name)
        return f"not {_test(positive, needs)}"
    maker = _MAKERS.get(one.field)
    if maker is not None:
        return maker(one, needs)
    if one.field == Field.HEADER:
        return _header(one, (one.name,), needs)
    if one.field in HEADERS:
        return _header(one, HEADERS[one.field], needs)
    raise Cannot("condition", str(one.field))


def _header(one: Condition, names: Iterable[str], needs: set[str]) -> str:
    whole = "address" if one.field in PEOPLE else "header"
    where = _listed(names)
    word = one.value if isinstance(one.value, str) else ""
    if one.op == Op.CONTAINS:
        return f"header :contains {where} {quoted(word)}"
    if one.op == Op.IS:
        return f"{whole} :is {where} {quoted(word)}"
    if one.op == Op.ONE_OF and isinstance(one.value, tuple):
        return f"{whole} :is {where} {_listed(map(str, one.value))}"
    if one.op == Op.BEGINS:
        return f"{whole} :matches {where} {quoted(starred(word, before=False, behind=True))}"
    if one.op == Op.ENDS:
        return f"{whole} :matches {where} {quoted(starred(word, before=True, behind=False))}"
    if one.op == Op.EXISTS:
        return f'header :matches {where} "*"'
    if one.op == Op.MATCHES:
        needs.add("regex")
        return f"header :regex {where} {quoted(word)}"
    raise Cannot("condition", str(one.field))


def _body(one: Condition, needs: set[str]) -> str:
    needs.add("body")
    if one.op == Op.CONTAINS:
        return f"body :contains :text {quoted(str(one.value))}"
    if one.op == Op.MATCHES:
        needs.add("regex")
        return f"body :regex :text {quoted(str(one.value))}"
    raise Cannot("condition", str(one.field))


def _size(one: Condition, needs: set[str]) -> str:
    if not isinstance(one.value, (int, float)) or one.value != int(one.value) or one.value < 0:
        raise Cannot("condition", str(one.field))
    return f"size :{'over' if one.op == Op.OVER else 'under'} {int(one.value)}"


def _date(one: Condition, needs: set[str]) -> str:
    if one.op != Op.BETWEEN or not isinstance(one.value, tuple) or len(one.value) != 2:
        # Nothing in Sieve reckons days.
        raise Cannot("condition", "date-age")
    needs |= {"date", "relational"}
    first, last = (quoted(str(day)) for day in one.value)
    since = f'currentdate :value "ge" "date" {first}'
    until = f'currentdate :value "le" "date" {last}'
    return f"allof ({since}, {until})"


_MAKERS: dict[Field, Callable[[Condition, set[str]], str]] = {
    Field.BODY: _body,
    Field.SIZE: _size,
    Field.DATE: _date,
}


def _listed(words: Iterable[str]) -> str:
    found = [quoted(word) for word in words]
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]"


def _command(one: Action, needs: set[str]) -> str:
    target = one.target if isinstance(one.target, str) else ""
    if one.do in (Do.MOVE, Do.COPY, Do.DELETE):
        needs.add("fileinto")
        path = TRASH if one.do == Do.DELETE else target
        if not path:
            raise Cannot("folder")
        if one.do == Do.COPY:
            needs.add("copy")
            return f"fileinto :copy {quoted(path)}"
        return f"fileinto {quoted(path)}"
    if one.do == Do.FORWARD:
        needs.add("copy")
        return f"redirect :copy {quoted(target)}"
    if one.do in _FLAGS or one.do == Do.LABEL:
        needs.add("imap4flags")
        flag = _FLAGS.get(one.do, target)
        if not flag or (one.do == Do.LABEL and flag[0] in "\\$"):
            raise Cannot("label", target)
        return f"addflag {quoted(flag)}"
    return "keep" if one.do == Do.KEEP else "stop"


_FLAGS = {Do.STAR: FLAGGED, Do.READ: SEEN, Do.NEVER_JUNK: NOT_JUNK}
