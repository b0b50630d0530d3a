"""Writes docs/acceptance.md: which test proves which row, and which rows no test proves yet.

The marks are read from the source, not by importing it, so this needs no database and no server.
``--check`` writes nothing and ends with 1 where the file would change or a mark is unknown.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TITLES = ROOT / "docs" / "acceptance.toml"
PAGE = ROOT / "docs" / "acceptance.md"
HEAD = """# Acceptance

What the product must do, and the test that turns red when it does not. Made by `make acceptance`
from `docs/acceptance.toml` and the `accept` marks of the tests; do not edit.

| id | what | test |
| --- | --- | --- |
"""


def marks(path: Path) -> Iterator[tuple[str, str]]:
    """Pairs of acceptance id and test node of one file."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    name = path.relative_to(ROOT).as_posix()
    whole_file = [
        row
        for node in tree.body
        if isinstance(node, ast.Assign) and _assigns(node, "pytestmark")
        for row in _rows(_elements(node.value))
    ]
    for test, inherited in _tests(tree.body, [name], whole_file):
        for row in inherited:
            yield row, test


def _tests(
    body: Iterable[ast.stmt], path: list[str], inherited: list[str]
) -> Iterator[tuple[str, list[str]]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            rows = [*inherited, *_marked(node.decorator_list)]
            yield from _tests(node.body, [*path, node.name], rows)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith(
            "test"
        ):
            rows = [*inherited, *_marked(node.decorator_list)]
            yield "::".join([*path, node.name]), list(dict.fromkeys(rows))


def _assigns(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def _elements(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, (ast.List, ast.Tuple)) else [node]


def _marked(decorators: Iterable[ast.expr]) -> list[str]:
    """Ids claimed by decorators, those inside ``pytest.param(…, marks=…)`` included."""
    return _rows(node for decorator in decorators for node in ast.walk(decorator))


def _rows(expressions: Iterable[ast.AST]) -> list[str]:
    """The ids of ``pytest.mark.accept("A1", …)`` among some expressions."""
    return [
        argument.value
        for call in expressions
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "accept"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def page(titles: dict[str, str], tests: dict[str, list[str]]) -> str:
    """The whole page."""
    rows = [
        f"| {row} | {title} | {'<br>'.join(f'`{test}`' for test in sorted(tests[row]))} |"
        for row, title in titles.items()
        if tests.get(row)
    ]
    missing = [row for row in titles if not tests.get(row)]
    listed = [f"- {row} {titles[row]}" for row in missing]
    summary = f"\n{len(rows)} of {len(titles)} rows are proven.\n"
    tail = ["\n## Not covered yet\n", *listed] if missing else []
    return HEAD + "\n".join([*rows, summary, *tail]).rstrip() + "\n"


def main() -> int:
    """Write the page, or with ``--check`` compare it."""
    titles = {row: str(title) for row, title in tomllib.loads(TITLES.read_text())["rows"].items()}
    tests: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for row, test in marks(path):
            tests[row].append(test)
    if unknown := sorted(set(tests) - set(titles)):
        print(f"Tests claim rows that do not exist: {', '.join(unknown)}")
        return 1
    text = page(titles, tests)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text)
        return 0
    if PAGE.exists() and PAGE.read_text() == text:
        return 0
    print("docs/acceptance.md is not what the tests say: run `make acceptance`.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
