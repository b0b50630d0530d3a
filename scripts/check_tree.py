"""Rules about the tree itself that no linter knows: what must never stand in a tracked file.

Prints ``path:line: what`` for each finding and ends with 1 if there was one.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
MODULE_LIMIT, MODULE_MEDIAN = 400, 90
TEMPLATE_LIMIT = 150
TEXT = {".py", ".toml", ".txt", ".md", ".yml", ".yaml", ".html", ".css", ".js", ".json", ".sh", ""}

# Where packages come from is the matter of the machine that installs them. The names are written
# in parts, so that this file passes its own rule.
_REGISTRIES = ["py" + "pi.org", "python" + "hosted.org", "registry." + "npmjs", "npm" + "js.com"]
_REGISTRIES += ["docker" + ".io", "ghcr" + ".io", "quay" + ".io", "--index" + "-url"]
_MACHINE = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/opt/" + "wheels", "/opt/" + "pypi"]
FORBIDDEN = [
    (re.compile("|".join(map(re.escape, _REGISTRIES))), "names a package registry"),
    (
        re.compile(r"(?<![\w.$}])(" + "|".join(map(re.escape, _MACHINE)) + ")"),
        "path of one machine",
    ),
    (
        re.compile("TO" + "DO|FIX" + "ME|XX" + "X:"),
        "leaves work for later: do it or write an issue",
    ),
    (re.compile(r"# (noqa|type: ignore)\b[^#\n]*$"), "an exception without its reason"),
]
# The reason stands behind the exception, after a second # or a dash.
REASONED = re.compile(r"# (noqa: [A-Z0-9, ]+|type: ignore\[[\w, -]+\])\s*(#|-)\s*\S")
LOCK_LINE = re.compile(
    r"^([a-z0-9][a-z0-9._-]*==[\w.+!-]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?)$"
)
STYLE = re.compile(r"\sstyle=|<script(?![^>]*\bsrc=)|\son[a-z]+=\"")


def tracked() -> list[Path]:
    """Files git knows, as paths relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    return [Path(name) for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def read(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def forbidden_words(path: Path) -> Iterator[str]:
    if path.suffix not in TEXT or "migrations" in path.parts:
        return
    for number, line in enumerate(read(path).splitlines(), 1):
        for pattern, what in FORBIDDEN:
            if pattern.search(line) and not REASONED.search(line):
                yield f"{path}:{number}: {what}: {line.strip()[:80]}"


def lock_file(path: Path) -> Iterator[str]:
    """A lock file holds names, versions and hashes only."""
    if path.name.endswith("lock.txt"):
        for number, line in enumerate(read(path).splitlines(), 1):
            if not LOCK_LINE.match(line):
                yield f"{path}:{number}: not a version or a hash: {line[:80]}"


def sizes(path: Path) -> Iterator[str]:
    lines = len(read(path).splitlines()) if path.suffix in (".py", ".html") else 0
    if path.suffix == ".py" and "migrations" not in path.parts and lines > MODULE_LIMIT:
        yield f"{path}:{lines}: a module of more than {MODULE_LIMIT} lines"
    if path.parts[0] == "templates" and lines > TEMPLATE_LIMIT:
        yield f"{path}:{lines}: a template of more than {TEMPLATE_LIMIT} lines"


def inline_code(path: Path) -> Iterator[str]:
    """The page's own policy forbids inline style and script: they would not work."""
    if path.parts[0] == "templates":
        for number, line in enumerate(read(path).splitlines(), 1):
            if STYLE.search(line):
                yield f"{path}:{number}: inline style or script, which the page's policy refuses"


def module_median(paths: list[Path]) -> Iterator[str]:
    lengths = [
        len(read(path).splitlines())
        for path in paths
        if path.suffix == ".py" and path.parts[0] != "tests" and "migrations" not in path.parts
    ]
    if lengths and median(lengths) > MODULE_MEDIAN:
        yield f"the median module has {median(lengths):g} lines, more than {MODULE_MEDIAN}"


def main() -> int:
    """Print every finding; 1 if there was one."""
    paths = tracked()
    rules = (forbidden_words, lock_file, sizes, inline_code)
    found = [*chain.from_iterable(rule(path) for path in paths for rule in rules)]
    found += module_median(paths)
    print("\n".join(found) or f"{len(paths)} files are as they should be.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
