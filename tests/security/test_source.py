"""What the source of our own rooms never does, and what it does in one place only."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.infra.running import ROOT

ROOMS = ["accounts", "connectivity", "filtering", "lib", "mailstore", "protocols", "retrieval"]
ROOMS += ["smtp_accounts", "webmail"]
#: What is asked of every module, as `facts` says it, and those that may, each for its reason.
PLACES: dict[str, tuple[str, set[str]]] = {
    "a shell": (r"call (os\.(system|popen)|subprocess\.get\w+)|keyword shell", set()),
    # Parts of ours with fixed commands; the child that parses, with its limits.
    "a process": (
        r"import subprocess|call os\.(exec|spawn|posix_spawn)\w*",
        {"webmail/supervisor.py", "webmail/processes.py", "lib/limited.py"},
    ),
    "code from text": (r"call (eval|exec|compile|__import__)", set()),
    "objects from bytes": (r"import (pickle|marshal|shelve|dill|yaml)", set()),
    "a template from text": (r"call (Template|Engine|(\w+\.)*from_string)", set()),
    # `text.format(…)`: whoever writes the text reads whatever hangs on the values.
    "a text that names attributes": (r"attribute format(_map)?", set()),
    "a pattern that is not written down": (
        r"pattern variable",
        # Lists in the same file; of providers, from a file of ours or of the operator's; a word
        # drawn by lot; words of a signature, escaped. What people write: the next line.
        {"accounts/clients.py", "filtering/manner.py", "protocols/hints.py"}
        | {"connectivity/catalogue.py", "mailstore/showing.py", "smtp_accounts/resigned.py"},
    ),
    "patterns people write": (r"import re2", {"filtering/patterns.py"}),
    "numbers that can be foretold": (
        r"import random",
        # When something is tried again, so that not everybody comes at once.
        {"webmail/events.py"}
        | {f"retrieval/services/{name}.py" for name in ("hosts", "listening", "pull")},
    ),
    "a cipher": (r"import (cryptography\.\S+\.ciphers\S*|Crypto\S*|nacl\S*)", {"lib/sealing.py"}),
    "a whole row": (r"call (model_to_dict|serializers\.\w+)|attribute __dict__", set()),
    "tests and stand-ins": (r"import (tests|standin|pytest)", set()),
}
#: Keys of ours in scripts: an index, or one of a list of constants in the same file.
OWN_KEYS = {
    ("compose/recipients.js", "this.entries"),
    ("compose/markup.js", "style"),
    ("mail/layout.js", "sizes"),
    ("mail/shelf.js", "this.slots"),
}
#: An assignment to a key that is not written down: `x[name] = …`, but no comparison.
KEYED = re.compile(r"([\w.]+)\[(?![\"'\d])[^\]]+\] =(?!=)")


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return node.id if isinstance(node, ast.Name) else ""


def is_ours(node: ast.AST) -> bool:
    """Whether a piece of a pattern is a constant, or matches nothing but itself."""
    if isinstance(node, ast.Call):
        return dotted(node.func) == "re.escape"
    return not isinstance(node, ast.Name) or node.id.lstrip("_").isupper()


def of_a_call(node: ast.Call) -> Iterator[str]:
    name = dotted(node.func)
    yield f"call {name}"
    if name.startswith("re.") and name != "re.escape" and node.args:
        first = node.args[0]
        filled = [one.value for one in ast.walk(first) if isinstance(one, ast.FormattedValue)]
        yield from (
            f"pattern {'written' if is_ours(one) else 'variable'}" for one in filled or [first]
        )
    if name in {"hashlib.new", "hmac.new"}:
        said = [*node.args, *(one.value for one in node.keywords)]
        yield from (f"hash {one.value!s}" for one in said if isinstance(one, ast.Constant))


def of_a_node(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        yield from of_a_call(node)
    elif isinstance(node, ast.Import):
        yield from (f"import {one.name}" for one in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield f"import {node.module}"
        if node.module == "hashlib":
            yield from (f"hash {one.name}" for one in node.names)
    elif isinstance(node, ast.keyword):
        yield f"keyword {node.arg}"
    elif isinstance(node, ast.Attribute):
        yield f"attribute {node.attr}"
        if dotted(node.value) in {"hashlib", "hashes"}:
            yield f"hash {node.attr.lower()}"


@cache
def facts() -> dict[str, frozenset[str]]:
    """Of each module, read once for all: what it calls, imports, names and hashes with."""
    paths = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return {
        str(path.relative_to(ROOT)): frozenset(
            fact for node in ast.walk(ast.parse(path.read_text())) for fact in of_a_node(node)
        )
        for path in paths
        if "migrations" not in path.parts
    }


@pytest.mark.parametrize("what", PLACES)
def test_it_is_done_only_where_there_is_a_reason(what: str) -> None:
    pattern, allowed = PLACES[what]
    begins = re.compile(rf"({pattern})(\.\S+)?")
    assert {path for path, said in facts().items() if any(map(begins.fullmatch, said))} == allowed


def test_hashes_are_approved_but_where_a_protocol_demands_another() -> None:
    used = {
        (fact.removeprefix("hash "), path)
        for path, said in facts().items()
        for fact in said
        if fact.startswith("hash ")
    }
    weak = {one for one in used if one[0] not in {"sha256", "blake2b", "blake2s"}}
    # CRAM-MD5 (RFC 2195) and APOP (RFC 1939): neither hides anything from anybody by itself.
    assert weak == {("md5", "protocols/smtp/entry.py"), ("md5", "protocols/pop3/entry.py")}
    assert len(used) > 10


def test_scripts_write_no_key_that_came_from_outside() -> None:
    scripts = ROOT / "static" / "js"
    texts = {str(one.relative_to(scripts)): one.read_text() for one in scripts.rglob("*.js")}
    assert {(path, name) for path, text in texts.items() for name in KEYED.findall(text)} == (
        OWN_KEYS
    )
    assert not [path for path, text in texts.items() if "__proto__" in text]


def test_types_are_checked_strictly_everywhere() -> None:
    """What `make types` rests on: a room it passes over, or looks at less, is seen here."""
    said = (ROOT / "pyproject.toml").read_text()
    assert "\nstrict = true\n" in said
    assert "ignore_errors" not in said
    assert r'exclude = ["/migrations/", "^var/", "^\\.venv/"]' in said
    assert "\t$(BIN)/mypy .\n" in (ROOT / "Makefile").read_text()


def test_every_room_is_looked_at() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert rooms | {"protocols"} == set(ROOMS)
