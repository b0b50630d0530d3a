"""What an explanation of a failure consists of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise


class Turn(StrEnum):
    """Who has to do something next."""

    YOU = "you"
    PROVIDER = "provider"
    ADMINISTRATOR = "administrator"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Cause:
    """One entry of the catalogue; ``field`` is the form field the user should look at."""

    title: str | Promise
    sentence: str | Promise
    turn: Turn
    action: str | Promise
    field: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """A failure ready to be shown."""

    cause: str
    title: str
    sentence: str
    turn: Turn
    action: str
    field: str
    server_line: str
