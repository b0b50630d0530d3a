"""A line of a log, and what a log is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import pgettext

from accounts.models import User
from webmail.logs.asking import Asked, cursor_of

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Badge:
    """How something ended: a word, an icon, and the tone of both (ok, warn, danger, run or "")."""

    word: str
    icon: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One more column: a text, and a fainter one below it."""

    text: str
    more: str = ""
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``who`` is the address of whose doing it was; "" where it was an operator."""

    pk: int
    at: datetime
    who: str
    name: str
    badge: Badge
    cells: tuple[Cell, ...]

    @property
    def cursor(self) -> str:
        return cursor_of(self.at, self.pk)

    @property
    def time(self) -> str:
        """When it was, in the reader's zone, to the second."""
        form = pgettext("time of a line of a log", "j M Y H:i:s")
        return date_format(timezone.localtime(self.at), form)


@dataclass(frozen=True, slots=True)
class Log:
    """One log: its name, its columns after time and person, and how its lines are found.

    ``lines`` gives at most that many lines for a question, with a constant number of statements.
    """

    key: str
    title: Text
    help: Text
    empty: Text
    columns: tuple[Text, ...]
    outcomes: Mapping[str, Text]
    lines: Callable[[Asked, int], Sequence[Line]]


def person_of(user: User) -> tuple[str, str]:
    """Address and display name."""
    return user.email, user.display_name
