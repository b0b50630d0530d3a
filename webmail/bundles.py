"""Putting our ES modules and styles into few files, when static files are collected (pure).

A file for each entry: what a template or an ``import()`` names. A module only one entry needs
goes into it; what several need goes to the shell, which is on every page, or into a file of its
own. An entry that gives nothing to others and that another entry takes in is in both, as no page
names both. Each module keeps a scope of its own, so that no name has to change.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from webmail.modules import BundleError, Module, read, redirected, relative

SHELL = "js/shell.js"
_CSS_IMPORT = re.compile(r"""^@import "(?P<path>[\w./-]+)"(?: (?P<media>\w+))?;[ \t]*$""", re.M)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_CSS_INDENT = re.compile(r"\n\s*")


def scripts(texts: Mapping[str, str], entries: Collection[str]) -> dict[str, str]:
    """The bundles by their names, for the modules that `entries` need, out of `texts`.

    Raises BundleError, KeyError for a module that is not there.
    """
    modules = _reached(texts, entries)
    starts = {*entries, *(path for one in modules.values() for path in one.dynamic)}
    homes = _homes(modules, starts)
    copies = _copies(modules, homes, {*entries} - {SHELL})
    members: dict[str, list[str]] = defaultdict(list)
    for name in _in_order(modules, sorted(starts)):
        for home in sorted({homes[name], *copies[name]}):
            members[home].append(name)
    return {home: _Bundle(home, names, modules, homes).text() for home, names in members.items()}


def styles(texts: Mapping[str, str], name: str) -> str:
    """A style sheet with what it imports in place, without comments. Raises BundleError."""

    def replaced(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), found["path"]))
        if posixpath.dirname(target) != posixpath.dirname(name):
            raise BundleError(f"{name}: {target} lies in another folder, so its links would break")
        inner = styles(texts, target)
        return f"@media {found['media']} {{\n{inner}}}\n" if found["media"] else inner

    text = _CSS_IMPORT.sub(replaced, texts[name])
    if "@import" in text:
        raise BundleError(f"{name}: this form of @import is not known")
    return _CSS_INDENT.sub("\n", _CSS_COMMENT.sub("", text)).lstrip()


def _reached(texts: Mapping[str, str], entries: Iterable[str]) -> dict[str, Module]:
    found: dict[str, Module] = {}
    waiting = sorted(entries)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = read(name, texts[name])
            waiting += [one.source for one in found[name].imports]
            waiting += found[name].dynamic
    return found


def _homes(modules: Mapping[str, Module], starts: Collection[str]) -> dict[str, str]:
    """In which bundle each module lies."""
    owners: dict[str, set[str]] = defaultdict(set)
    for start in starts:
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if start not in owners[name] and (name == start or name not in starts):
                owners[name].add(start)
                waiting += [one.source for one in modules[name].imports]
    homes: dict[str, str] = {}
    groups: dict[frozenset[str], str] = {}
    for name in sorted(name for name in owners if owners[name]):
        mine = frozenset(owners[name])
        if len(mine) == 1:
            homes[name] = next(iter(mine))
        else:
            homes[name] = SHELL if SHELL in mine else groups.setdefault(mine, name)
    return homes


def _copies(
    modules: Mapping[str, Module], homes: Mapping[str, str], entries: Collection[str]
) -> dict[str, set[str]]:
    """The other bundles an entry is in as well."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, module in modules.items():
        for one in module.imports:
            if one.source in entries and not modules[one.source].exports:
                found[one.source].add(homes[name])
    return found


def _in_order(modules: Mapping[str, Module], starts: Iterable[str]) -> list[str]:
    """Each module after what it imports, as a browser runs them."""
    done: dict[str, None] = {}
    begun: set[str] = set()

    def visit(name: str) -> None:
        if name in begun:
            return
        begun.add(name)
        for one in modules[name].imports:
            visit(one.source)
        done[name] = None

    for start in starts:
        visit(start)
    return list(done)


def _variable(name: str) -> str:
    return "$" + re.sub(r"\W", "_", name.removesuffix(".js"))


class _Bundle:
    """One file: the modules in it, each a function that runs once and gives its exports."""

    def __init__(
        self,
        home: str,
        names: list[str],
        modules: Mapping[str, Module],
        homes: Mapping[str, str],
    ) -> None:
        self._home, self._names, self._modules, self._homes = home, names, modules, homes

    def text(self) -> str:
        """What the browser loads. Raises BundleError."""
        ran: set[str] = set()
        bodies = []
        for name in self._names:
            bodies.append(self._scope(self._modules[name], ran))
            ran.add(name)
        gives = ", ".join(map(_variable, self._names))
        lines = [*self._foreign(), *bodies, f"export {{ {gives} }};"]
        if self._home in self._names:
            mine = self._modules[self._home]
            given = ", ".join(outer for outer, _ in mine.exports)
            if given:
                lines.append(f"export const {{ {given} }} = {_variable(self._home)};")
        return "\n".join(lines) + "\n"

    def _foreign(self) -> list[str]:
        """What comes from other bundles."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for name in self._names:
            for one in self._modules[name].imports:
                if self._homes[one.source] != self._home and one.source not in self._names:
                    wanted[self._homes[one.source]].add(_variable(one.source))
        return [
            f'import {{ {", ".join(sorted(names))} }} from "{relative(home, at=self._home)}";'
            for home, names in sorted(wanted.items())
        ]

    def _scope(self, module: Module, ran: Collection[str]) -> str:
        taken = [self._taken(module, source, names, ran) for source, names in _merged(module)]
        gives = ", ".join(f"get {outer}() {{ return {inner}; }}" for outer, inner in module.exports)
        body = redirected(module.body, name=module.name, at=self._home)
        head = "".join(line for line in taken if line)
        return (
            f"const {_variable(module.name)} = (() => {{\n{head}{body}return {{ {gives} }};\n}})();"
        )

    def _taken(
        self,
        module: Module,
        source: str,
        names: Collection[tuple[str, str]],
        ran: Collection[str],
    ) -> str:
        other = self._modules[source]
        missing = {there for there, _ in names} - {outer for outer, _ in other.exports}
        if missing:
            raise BundleError(f"{module.name}: {source} does not export {', '.join(missing)}")
        if not names:
            return ""
        variable = _variable(source)
        if self._homes[source] != self._home or source in ran:
            inner = ", ".join(f"{there}: {here}" for there, here in names)
            return f"const {{ {inner} }} = {variable};\n"
        # The two import each other: what runs first may call the other later, and no more.
        if any(there not in other.functions for there, _ in names):
            raise BundleError(
                f"{module.name} and {source} import each other, and not only functions"
            )
        return "".join(
            f"const {here} = (...all) => {variable}.{there}(...all);\n" for there, here in names
        )


def _merged(module: Module) -> list[tuple[str, list[tuple[str, str]]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for one in module.imports:
        found.setdefault(one.source, []).extend(one.names)
    return list(found.items())
