"""Why a message is where it is, for those who put it into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from filtering.models import Decision, Filter, ForwardDue
from filtering.whys import Why
from lib.prepared import Prepared
from mailstore.models import Message

# Asked of every message that is opened.
_DECIDED: Final = Prepared(lambda message: Decision.objects.filter(message=message), int)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What became of forwarding a message: ``state`` is a `ForwardState`, ``cause`` why it was
    not: "loop", "automatic", "too-many", "sender", "gone", "large", "address" or "broken"."""

    to: str
    state: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A decision. ``kind`` is a `DecisionKind`; ``filters_left`` are the keys of filters it names
    that are still there and that its owner may change: not the domain's. ``forwards`` is kept for
    a month."""

    kind: str
    why: Why
    filters_left: frozenset[int] = frozenset()
    forwards: tuple[Forwarded, ...] = ()


def of(message: Message) -> Told | None:
    """Why this message is where it is; None where nothing was decided. Three queries at most."""
    row = next(iter(_DECIDED.objects(Decision, message.pk)), None)
    if row is None:
        return None
    said = Why.of_row(row.why)
    own = [one.id for one in said.filters if not one.is_domain]
    mine = Filter.objects.filter(user=message.user_id, pk__in=own) if own else Filter.objects.none()
    left = frozenset(mine.values_list("pk", flat=True))
    return Told(row.kind, said, left, _forwards(message) if said.filters else ())


def _forwards(message: Message) -> tuple[Forwarded, ...]:
    rows = ForwardDue.objects.filter(message=message).order_by("pk")
    return tuple(Forwarded(*one) for one in rows.values_list("to", "state", "cause"))


def kinds(messages: Sequence[Message]) -> dict[int, str]:
    """The kinds of decision about messages, by their keys; one query."""
    keys = [one.pk for one in messages]
    return dict(Decision.objects.filter(message__in=keys).values_list("message_id", "kind"))
