"""Reading our own ES modules: what each imports and exports, and its body (pure).

Only the plain forms are known. Anything else is refused with its line, when static files are
collected, rather than served wrong.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

_FROM = r"""["'](?P<path>\.{1,2}/[\w./-]+)["'];[ \t]*$"""
_IMPORT = re.compile(
    r"^import\s*(?:(?P<whole>\w+)\s*,?\s*)?(?:\{(?P<names>[^}]*)\}\s*)?(?:from\s*)?" + _FROM, re.M
)
_PASSED_ON = re.compile(r"^export\s*\{(?P<names>[^}]*)\}\s*from\s*" + _FROM, re.M)
_EXPORT = re.compile(
    r"^export\s+(?P<kind>async\s+function|function|class|const)(?P<star>\s*\*)?\s+(?P<name>\w+)",
    re.M,
)
_LIST = re.compile(r"(?:^|(?<=;))export\s*\{(?P<names>[^}]*)\};?[ \t]*$", re.M)
_DYNAMIC = re.compile(r"""\bimport\(["'](?P<path>\.{1,2}/[\w./-]+)["']\)""")
_LEFT = re.compile(
    r"^(?:import\b(?!\()|export\b|await\b|(?:const|let)\b[^{(=]*=\s*await\b)|\bimport\.meta\b|\bimport\((?![\"']\.)"
)
_COMMENT = re.compile(r"^\s*//")


class BundleError(ValueError):
    """A form of module this does not know; says file and line."""


@dataclass(frozen=True, slots=True)
class Import:
    """``import { there as here } from "source"``; of ``import here from`` it is "default"."""

    source: str
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Module:
    """One file: its body without imports and exports, and the names it gives."""

    name: str
    body: str
    imports: tuple[Import, ...]
    #: Outer name and inner name.
    exports: tuple[tuple[str, str], ...]
    functions: frozenset[str]
    dynamic: tuple[str, ...]


def read(name: str, text: str) -> Module:
    """A module by its text. Raises BundleError."""
    imports: list[Import] = []
    exports: list[tuple[str, str]] = []
    functions: set[str] = set()

    def take_import(found: re.Match[str]) -> str:
        names = list(_pairs(found["names"] or ""))
        if found["whole"]:
            names.insert(0, ("default", found["whole"]))
        imports.append(Import(_target(name, found["path"]), tuple(names)))
        return ""

    def pass_on(found: re.Match[str]) -> str:
        names = list(_pairs(found["names"]))
        inner = [(there, f"$on_{here}") for there, here in names]
        imports.append(Import(_target(name, found["path"]), tuple(inner)))
        exports.extend((here, f"$on_{here}") for _, here in names)
        return ""

    def take_export(found: re.Match[str]) -> str:
        exports.append((found["name"], found["name"]))
        if found["kind"].endswith("function"):
            functions.add(found["name"])
        return found[0].removeprefix("export").lstrip()

    def take_list(found: re.Match[str]) -> str:
        exports.extend((outer, inner) for inner, outer in _pairs(found["names"]))
        return ""

    body = _PASSED_ON.sub(pass_on, text)
    body = _IMPORT.sub(take_import, body)
    body = _LIST.sub(take_list, _EXPORT.sub(take_export, body))
    dynamic = tuple(_target(name, found["path"]) for found in _DYNAMIC.finditer(body))
    body = body if "/vendor/" in f"/{name}" else _stripped(name, body)
    return Module(name, body, tuple(imports), tuple(exports), frozenset(functions), dynamic)


def redirected(body: str, *, name: str, at: str) -> str:
    """The body with its ``import("…")`` as they are written from another file's place."""

    def written(found: re.Match[str]) -> str:
        return f'import("{relative(_target(name, found["path"]), at=at)}")'

    return _DYNAMIC.sub(written, body)


def relative(target: str, *, at: str) -> str:
    """How one file names another."""
    path = posixpath.relpath(target, posixpath.dirname(at))
    return path if path.startswith(".") else f"./{path}"


def _target(name: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _pairs(names: str) -> Iterator[tuple[str, str]]:
    for one in filter(None, (part.strip() for part in names.split(","))):
        first, _, second = one.partition(" as ")
        yield first.strip(), (second or first).strip()


def _stripped(name: str, body: str) -> str:
    """Without comments of whole lines, indents and empty lines."""
    kept = []
    for line in body.splitlines():
        if _COMMENT.match(line) or not line.strip():
            continue
        if line.lstrip().startswith("/*") or line.count("`") % 2 or _LEFT.search(line):
            raise BundleError(f"{name}: this form of module is not known: {line.strip()[:100]}")
        kept.append(line.strip())
    return "\n".join(kept) + "\n"
