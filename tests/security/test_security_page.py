"""docs/security.md: no requirement is left out, and what it says is proven is."""

from __future__ import annotations

import ast
import re
from functools import cache

from tests.infra.running import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
#: How many requirements of levels 1 and 2 each section of OWASP ASVS 5.0.0 begins with, by
#: chapter; those of level 3 come last in every section.
SECTIONS = [
    [2, 9, 11, 3, 2], [3, 3, 4, 1], [0, 2, 4, 6, 5, 0, 2], [3, 1, 2, 4], [1, 3, 2, 3],
    [3, 12, 4, 4, 5, 3, 0, 4], [3, 4, 2, 5, 2, 2], [2, 3, 1, 1], [3, 4], [2, 2, 4, 11, 5, 2, 3],
    [2, 3, 3, 4, 1, 1], [3, 2, 4], [1, 5, 2, 5], [2, 4, 3], [3, 3, 7], [1, 5, 4, 3, 3],
    [1, 4, 2],
]  # fmt: skip
WAYS = ("holds: ", "written: ", "no test: ", "not applicable: ", "open: ")
#: "`operations.md#Keys`": a heading of that page, or the bold beginning of a paragraph.
PLACE = re.compile(r"`(\w+\.md)#([^`]+)`")


@cache
def functions_of(path: str) -> frozenset[str]:
    file = ROOT / "tests" / path
    if not file.exists():
        return frozenset()
    nodes = ast.walk(ast.parse(file.read_text()))
    return frozenset(one.name for one in nodes if isinstance(one, ast.FunctionDef))


def test_every_requirement_is_there_once() -> None:
    wanted = [
        f"{chapter}.{section}.{number}"
        for chapter, sections in enumerate(SECTIONS, 1)
        for section, most in enumerate(sections, 1)
        for number in range(1, most + 1)
    ]
    assert len(wanted) == 253
    named = [number for number, _what, _how in ROW.findall(PAGE)]
    assert len(named) == len(set(named))
    assert [number for number in named if number in set(wanted)] == wanted


def is_there(page: str, heading: str) -> bool:
    text = (ROOT / "docs" / page).read_text()
    return f"# {heading}\n" in text or f"\n**{heading}.**" in text


def test_every_answer_is_one_of_five_and_every_test_and_place_named_exists() -> None:
    for number, _what, how in ROW.findall(PAGE):
        assert how.startswith(WAYS), f"{number}: {how}"
        assert bool(NAMED.search(how)) or not how.startswith("holds: "), f"{number} names no test"
        assert bool(PLACE.search(how)) or not how.startswith("written: "), f"{number}: where?"
    missing = [
        f"{path}::{name}" for path, name in NAMED.findall(PAGE) if name not in functions_of(path)
    ]
    assert not missing
    assert not [place for place in PLACE.findall(PAGE) if not is_there(*place)]
