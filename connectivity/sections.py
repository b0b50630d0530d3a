"""The sections of the Connectivity page, in their order (A3). A room adds its card here.

A section without a card is one that this installation cannot do yet: it is not shown. Cards are
named by their path, because rooms above this one provide them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from connectivity.models import Feature
from connectivity.services import features

# More than this many cannot be told apart on the meter.
SEGMENTS = 16
CardMaker = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Section:
    """One section. ``card`` is called with the user and returns a template context.

    That context may hold ``health`` (`Health`) and ``summary`` (one line for phones).
    """

    id: str
    title: str | Promise
    short: str | Promise
    description: str | Promise
    icon: str
    feature: str = ""
    card: str = ""
    template: str = ""


@dataclass(frozen=True, slots=True)
class Concern:
    """An account that cannot go on without its owner, and where to mend it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Health:
    """How the accounts of one card, or of all of them, are doing.

    ``held`` are those an administrator paused; ``pauses`` says who did, until when, why, and what
    to do, once for each pause.
    """

    fine: int = 0
    waiting: int = 0
    concerns: tuple[Concern, ...] = ()
    held: int = 0
    pauses: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return self.fine + self.waiting + self.held + len(self.concerns)

    @property
    def segments(self) -> tuple[str, ...]:
        """The meter: a class for every account, fine ones first; many share a segment."""
        kinds = ["f"] * self.fine + ["w"] * (self.waiting + self.held) + ["b"] * len(self.concerns)
        step = -(-len(kinds) // SEGMENTS) or 1
        # Every step-th account, counted from the end: trouble is never left out.
        return tuple(reversed(kinds[::-1][::step]))

    def __add__(self, other: Health) -> Health:
        return Health(
            self.fine + other.fine,
            self.waiting + other.waiting,
            self.concerns + other.concerns,
            self.held + other.held,
            self.pauses + other.pauses,
        )


@dataclass(frozen=True, slots=True)
class Card:
    """A section with its contents for one user."""

    section: Section
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def health(self) -> Health:
        found = self.context.get("health")
        return found if isinstance(found, Health) else Health()


SECTIONS: tuple[Section, ...] = (
    Section(
        id="cloud",
        title=_("Cloud Storage Connections"),
        short=_("Cloud storage"),
        description=_("Link to large files instead of attaching them."),
        icon="cloud",
    ),
    Section(
        id="retrieval",
        title=_("Email Retrieval"),
        short=_("Email retrieval"),
        description=_("Keeps pulling mail from your other mailboxes into this one."),
        icon="inbox",
        feature=Feature.RETRIEVAL,
        card="retrieval.card.card",
        template="retrieval/_card.html",
    ),
    Section(
        id="smtp",
        title=_("SMTP Accounts"),
        short=_("SMTP accounts"),
        description=_("Servers used when you send as one of your other addresses."),
        icon="send",
        feature=Feature.SMTP_ACCOUNTS,
        card="smtp_accounts.card.card",
        template="smtp_accounts/_card.html",
    ),
    Section(
        id="devices",
        title=_("Synchronized Devices"),
        short=_("Devices"),
        description=_("Phones and programs that sync with this mailbox."),
        icon="device",
    ),
    Section(
        id="ips",
        title=_("Authenticated IPs"),
        short=_("IPs"),
        description=_("Public addresses that signed in as you in the last 3 days."),
        icon="globe",
        card="connectivity.ips.card",
        template="accounts/_authenticated_ips.html",
    ),
    Section(
        id="migration",
        title=_("Mailbox Migration"),
        short=_("Migration"),
        description=_("Moves a whole mailbox here, once."),
        icon="migrate",
    ),
)


def cards(user: User, sections: Sequence[Section] = SECTIONS) -> tuple[list[Card], list[Section]]:
    """The cards this user may see, and the built sections that are switched off for them."""
    on = features.enabled_features(user)
    built = [section for section in sections if section.card]
    off = [section for section in built if section.feature and section.feature not in on]
    shown = [
        Card(section, import_string(section.card)(user)) for section in built if section not in off
    ]
    return shown, off


def overall(shown: Sequence[Card]) -> Health:
    """The health of all accounts on the page."""
    return sum((card.health for card in shown), Health())
