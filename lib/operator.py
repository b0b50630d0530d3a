"""The plumbing of operator commands: verbs, ``--json``, exit 0 or 1 with the cause.

A command subclasses :class:`OperatorCommand` and either implements ``answer`` (one job) or
``add_verbs`` (``manage.py domain add …``). What it returns is printed; what it raises is
told in one sentence and ends the process with 1. Nothing here prints a traceback for a
mistake of the person who typed the command.
"""

from __future__ import annotations

import gc
import json
import re
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Mapping, Sequence
from textwrap import indent
from typing import Any, NoReturn, Protocol

from django.core.checks import run_checks
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections
from django.utils.module_loading import import_string

from protocols.errors import MailServerError

#: Tag of the system checks about settings.
SETTINGS = "settings"
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
Row = Mapping[str, Any]
Answer = Row | Sequence[Row] | None
#: What does the work of a verb, or its dotted path: loaded when the verb is called for.
Verb = Callable[..., Answer] | str


class AddVerb(Protocol):
    """Adds one verb and returns its parser, to which the caller adds the arguments."""

    def __call__(self, name: str, run: Verb, help: str) -> ArgumentParser: ...


class OperatorError(CommandError):
    """Why a command could not do its work: one sentence, and facts for ``--json``."""

    def __init__(self, sentence: str, facts: Row | None = None) -> None:
        super().__init__(sentence, returncode=1)
        self.facts = dict(facts or {})


class OperatorCommand(BaseCommand):
    """Base of every operator command.

    Each verb is called with its parsed options as keywords and returns a mapping, a list of
    mappings or None. Errors: :class:`OperatorError`, validation errors, a missing object and
    :class:`MailServerError` become ``{"error": …}`` (or one line on stderr) and exit 1.
    """

    missing = "There is no such object."
    # The rules about settings only: the others load every page of the site first, which takes
    # longer than most commands do.
    requires_system_checks = [SETTINGS]
    #: Names Django gives to every command; a verb never sees them.
    _common = frozenset(
        {"verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color"}
        | {"skip_checks", "stdout", "stderr", "json", "verb", "run"}
    )

    def add_verbs(self, add: AddVerb) -> None:
        """Declare the verbs; leave it out and implement ``answer`` for a command without."""

    def answer(self, *args: Any, **options: Any) -> Answer:
        """Do the work of a command that has no verbs."""
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        if type(self).add_verbs is OperatorCommand.add_verbs:
            _add_json(parser)
            return
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

        def add(name: str, run: Verb, help: str) -> ArgumentParser:
            verb: ArgumentParser = verbs.add_parser(name, help=help, description=help)
            verb.set_defaults(run=run)
            _add_json(verb)
            return verb

        self.add_verbs(add)

    def handle(self, *args: Any, **options: Any) -> None:
        verb: Verb = options.get("run") or self.answer
        run: Callable[..., Answer] = import_string(verb) if isinstance(verb, str) else verb
        wanted = {name: value for name, value in options.items() if name not in self._common}
        try:
            answer = run(**wanted)
        except CommandError:
            raise
        except ValidationError as error:
            raise OperatorError(" ".join(error.messages)) from error
        except ObjectDoesNotExist as error:
            raise OperatorError(self.missing) from error
        except MailServerError as error:
            sentence = error.public % error.params if error.params else error.public
            facts = {"stage": error.stage, "cause": error.cause, "server": error.server_line}
            raise OperatorError(sentence, facts) from error
        if options["json"]:
            self.stdout.write(_as_json(answer if answer is not None else {}))
        elif text := as_text(answer):
            self.stdout.write(text)

    def run_from_argv(self, argv: list[str]) -> None:
        """As Django's, but every failure, a mistyped option too, is one sentence and exit 1."""
        as_json = "--json" in argv[2:]
        # What is loaded by now stays: whoever looks for garbage from here on passes it over.
        gc.freeze()
        gc.set_threshold(50_000)
        try:
            # The parser raises CommandError instead of exiting with 2 on its own.
            options = vars(self.create_parser(argv[0], argv[1]).parse_args(argv[2:]))
            options.pop("args", None)
            self.execute(**options)
        except CommandError as error:
            self._fail(error, as_json)
        finally:
            connections.close_all()

    def check(self, *args: Any, **options: Any) -> None:
        """Django's system checks, told as sentences with their ids; warnings are not told."""
        serious = [
            message
            for message in run_checks(tags=options.get("tags"), include_deployment_checks=False)
            if message.is_serious() and not message.is_silenced()
        ]
        if serious:
            raise OperatorError("\n".join(f"{message.msg} ({message.id})" for message in serious))

    def _fail(self, error: CommandError, as_json: bool) -> NoReturn:
        cause = str(error).strip()
        if as_json:
            self.stdout.write(_as_json({"error": cause, **getattr(error, "facts", {})}))
        else:
            self.stderr.write(cause)
        sys.exit(error.returncode)


def add_password_option(parser: ArgumentParser, *, required: bool = False) -> None:
    """``--password-stdin``: a password never stands on a command line, where ``ps`` shows it."""
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        required=required,
        help="Read the password from standard input (its first line).",
    )


def read_password(what: str = "password") -> str:
    """The first line of standard input without its line end; ``what`` is its name for people.

    Raises OperatorError where standard input is empty.
    """
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise OperatorError(f"No {what} arrived on standard input.")
    return password


def on_off(text: str) -> bool:
    """Argparse type of an ``on|off`` option."""
    if text not in ("on", "off"):
        raise ValueError(text)
    return text == "on"


on_off.__name__ = "on|off"


def at_least_one(text: str) -> int:
    """Argparse type of a number that counts something."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


at_least_one.__name__ = "number"


def port_number(text: str) -> int:
    """Argparse type of a TCP port."""
    number = at_least_one(text)
    if number > 65535:
        raise ValueError(text)
    return number


port_number.__name__ = "port"


def as_text(answer: Answer) -> str:
    """The answer for a person: ``name: value`` lines, or a table with aligned columns.

    A list of mappings inside an answer is a table of its own below its name.
    """
    if not answer:
        return ""
    if isinstance(answer, Mapping):
        return "\n".join(_told(name, value) for name, value in answer.items())
    heads = list(answer[0])
    rows = [heads, *([_cell(row.get(head)) for head in heads] for row in answer)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return "\n".join(_line(row, widths) for row in rows)


def _told(name: str, value: Any) -> str:
    if isinstance(value, list | tuple):
        table = as_text(value)
        return f"{name}:\n{indent(table, '  ')}" if table else f"{name}: -"
    return f"{name}: {_cell(value)}"


def _line(cells: Iterable[str], widths: Iterable[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    # Names that people and other servers chose must not command the operator's terminal.
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", str(value))


def _as_json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)


def _add_json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="Print the answer as JSON.")
