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


class Retry(StrEnum):
    """What trying again is good for; `retrieval.retry` keeps to it, and a test compares.

    NEVER: it is not tried by itself. AFTER_FIX: only a person's doing helps, so it is tried a
    few times and then once a day. AT_RESET: a limit or a switch holds it back, and it is tried
    when that may be over. BACKOFF: everything else, ever more rarely.
    """

    NEVER = "never"
    AFTER_FIX = "after-fix"
    BACKOFF = "backoff"
    AT_RESET = "at-reset"


@dataclass(frozen=True, slots=True)
class Cause:
    """One entry of the catalogue.

    ``field`` is the form field the user should look at; ``buttons`` are names of
    `connectivity.buttons`, which offers those that fit. ``sending`` is what to do where a server
    for sending was tried, if that is something else: its form knows no types.
    """

    title: str | Promise
    sentence: str | Promise
    turn: Turn
    action: str | Promise
    field: str = ""
    retry: Retry = Retry.BACKOFF
    buttons: tuple[str, ...] = ()
    sending: str | Promise = ""


@dataclass(frozen=True, slots=True)
class Button:
    """One next step; ``lead`` is the sentence in front of it, if it needs one.

    ``action`` is what the form it stands in posts as ``action``: port:993, ssl:on, type:pop,
    username:jdoe, pin:<SHA-256>, again. Without an action ``url`` is where it leads.
    """

    label: str
    action: str = ""
    url: str = ""
    lead: str = ""


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
    buttons: tuple[Button, ...] = ()
    retry: str = Retry.BACKOFF
