"""A Sieve script read as filters: those there are words for, and why the others are not. Pure.

Nothing of the script is executed; it is only read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sievelib.parser import Parser

from filtering.actions import Action, Do
from filtering.sieve_map import (
    ALWAYS,
    DELETED,
    FLAGGED,
    INBOX,
    MAX_SCRIPT,
    NEVER,
    NOT_JUNK,
    SEEN,
    TRASH,
    Cannot,
    LeftOut,
    Portable,
    one_line,
)
from filtering.sieve_tests import Form, all_of, form, negated, strings

#: Filters of one script.
MOST = 500
_NAME = re.compile(r"#\s*(?:rule:\s*\[(?P<rule>.*)\]|Filter:\s*(?P<filter>.*))\s*")
_FLAGS = {
    SEEN.lower(): Do.READ, FLAGGED.lower(): Do.STAR, DELETED.lower(): Do.DELETE,
    NOT_JUNK.lower(): Do.NEVER_JUNK, "nonjunk": Do.NEVER_JUNK,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """What a script holds. ``stopped`` says, in English, where reading ended before its end."""

    filters: tuple[Portable, ...] = ()
    left: tuple[LeftOut, ...] = ()
    stopped: str = ""


def read(script: bytes) -> Read:
    """The filters of a script. Never raises."""
    if len(script) > MAX_SCRIPT:
        return Read(stopped="too large")
    parser = Parser()
    try:
        whole = bool(parser.parse(script))
        stopped = "" if whole else one_line(str(parser.error))[:200]
    except Exception:  # noqa: BLE001 - it trips over what nobody writes, in any way
        stopped = "not understood"
    reader = _Reader()
    for command in parser.result:
        if reader.has_ended:
            break
        if reader.place >= MOST:
            stopped = stopped or "too many"
            break
        reader.take(command)
    reader.flush()
    return Read(tuple(reader.filters), tuple(reader.left), stopped)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The conditions of a branch, and whether it is switched on."""

    form: Form
    is_on: bool = True


@dataclass(slots=True)
class _Reader:
    filters: list[Portable] = field(default_factory=list)
    left: list[LeftOut] = field(default_factory=list)
    place: int = 0
    #: What has to be false for the branch that comes next; None: nobody could say.
    before: list[Form] | None = field(default_factory=list)
    #: Actions without a condition, and the name above the first of them.
    bare: list[Any] = field(default_factory=list)
    bare_name: str = ""
    #: Nothing below a "stop" that stands alone is ever done.
    has_ended: bool = False

    def take(self, command: Any) -> None:
        """The next command of the script."""
        if command.name == "require":
            return
        if command.name in ("if", "elsif", "else"):
            self.flush()
            self._branch(command)
        elif command.name not in ("keep", "stop") or self.bare:
            self.bare_name = self.bare_name if self.bare else _name(command)
            self.bare.append(command)
        self.has_ended = self.has_ended or command.name == "stop"

    def flush(self) -> None:
        """Actions that stand under no condition become a filter of their own."""
        if self.bare:
            commands, self.bare = self.bare, []
            self._add(self.bare_name, lambda: _Asked(Form((ALWAYS,))), commands)

    def _branch(self, command: Any) -> None:
        if command.name == "if":
            self.before = []
        before = self.before

        def asked() -> _Asked:
            own = _asked(command)
            if before is None:
                raise Cannot("else")
            if not before:
                return own
            return replace(own, form=all_of([*(negated(one) for one in before), own.form]))

        made = self._add(_name(command), asked, command.children)
        if before is None or command.name == "else":
            return
        if made is None:
            self.before = None
        elif made.is_on and Action(Do.STOP) not in made.actions:
            self.before = [*before, form(command.arguments["test"])]

    def _add(
        self, name: str, asked: Callable[[], _Asked], commands: Sequence[Any]
    ) -> Portable | None:
        self.place += 1
        try:
            made = _portable(name, asked(), commands)
        except Cannot as cannot:
            self.left.append(LeftOut(name, self.place, cannot.cause, cannot.detail))
            return None
        self.filters.append(made)
        return made


def _asked(command: Any) -> _Asked:
    """What a branch asks. One that was switched off begins with "false"."""
    if command.name == "else":
        return _Asked(Form((ALWAYS,)))
    test = command.arguments["test"]
    tests = test.arguments["tests"] if test.name == "allof" else []
    if len(tests) > 1 and tests[0].name == "false":
        return _Asked(all_of(form(one) for one in tests[1:]), is_on=False)
    return _Asked(form(test))


def _portable(name: str, asked: _Asked, commands: Sequence[Any]) -> Portable:
    actions, notes = _actions(commands)
    if not actions:
        raise Cannot("empty")
    found = asked.form
    if found.conditions[0] is NEVER:
        raise Cannot("off")
    return Portable(
        name, found.conditions, actions, is_any=found.is_any, is_on=asked.is_on, notes=notes
    )


def _name(command: Any) -> str:
    """The name above a command, as webmail programs write it."""
    for comment in reversed(command.hash_comments):
        found = _NAME.fullmatch(comment.decode("utf-8", "replace").strip())
        if found:
            return one_line(found["rule"] or found["filter"] or "")[:120]
    return ""


def _actions(commands: Iterable[Any]) -> tuple[tuple[Action, ...], tuple[str, ...]]:
    made = _Made()
    for command in commands:
        made.take(command)
    return made.done()


@dataclass(slots=True)
class _Made:
    actions: list[Action] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    is_kept: bool = False
    is_thrown: bool = False
    goes_on: bool = False

    def take(self, command: Any) -> None:
        """One action. Raises Cannot."""
        said = command.arguments
        if command.name == "fileinto" and "flags" not in said:
            self._file(strings(said["mailbox"])[0], "copy" in said)
        elif command.name == "keep" and "flags" not in said:
            self.is_kept = True
        elif command.name == "discard":
            self.is_thrown = True
        elif command.name == "stop":
            self.actions.append(Action(Do.STOP))
        elif command.name == "redirect":
            self.actions.append(Action(Do.FORWARD, strings(said["address"])[0]))
            self.goes_on = self.goes_on or "copy" not in said
        elif command.name in ("addflag", "setflag") and "variable-name" not in said:
            self._flag(strings(said["list-of-flags"]))
        else:
            raise Cannot("action", str(command.name))

    def _file(self, path: str, is_copy: bool) -> None:
        path = _path(path)
        if path.upper() == INBOX:
            self.is_kept = True
        elif is_copy:
            self.actions.append(Action(Do.COPY, path))
        else:
            self.places.append(path)

    def _flag(self, flags: Sequence[str]) -> None:
        for flag in flags:
            known = _FLAGS.get(flag.lower())
            if known is None and flag[:1] in ("\\", "$", ""):
                raise Cannot("flag", flag)
            if known == Do.DELETE:
                self.is_thrown = True
            elif known is not None:
                self.actions.append(Action(known))
            else:
                self.actions.append(Action(Do.LABEL, flag))

    def done(self) -> tuple[tuple[Action, ...], tuple[str, ...]]:
        """What is to be done, once each: where it goes first, stopping last."""
        notes = []
        first: list[Action] = []
        places = list(self.places)
        if self.is_kept:
            first.append(Action(Do.KEEP))
        elif places:
            path = places.pop(0)
            first.append(Action(Do.DELETE) if path == TRASH else Action(Do.MOVE, path))
        elif self.is_thrown:
            first.append(Action(Do.DELETE))
            notes.append("trash")
        elif self.goes_on:
            notes.append("stays")
        first += [Action(Do.COPY, path) for path in places]
        rest = [one for one in self.actions if one.do != Do.STOP]
        last = [one for one in self.actions if one.do == Do.STOP]
        return tuple(dict.fromkeys((*first, *rest, *last))), tuple(notes)


def _path(path: str) -> str:
    """A folder as people write it: without the "INBOX" that some servers put before all."""
    if path[:6].upper() == "INBOX.":
        return path[6:].replace(".", "/")
    return path[6:] if path[:6].upper() == "INBOX/" else path
