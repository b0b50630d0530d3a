"""What filters do with a message. Pure: looks at what was read, changes nothing.

Filters are applied from the first to the last; what several of them do adds up. The first that
says where a message goes (move, delete, keep) is heard, so the order is one of precedence. A filter
that stops is the last that is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from filtering.actions import Action, Do
from filtering.conditions import Condition
from filtering.facts import Facts
from filtering.questions import Question, all_of, any_of, question

__all__ = ["Facts", "Outcome", "Rule", "apply_filters", "rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A filter ready to be asked."""

    pk: int
    name: str
    is_domain: bool
    meets: Question
    actions: tuple[Action, ...]
    #: Whether nothing is asked after it is met.
    is_last: bool = field(init=False)

    def __post_init__(self) -> None:
        is_last = any(one.do == Do.STOP for one in self.actions)
        object.__setattr__(self, "is_last", is_last)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be done with a message.

    ``place`` is the action that says where it goes: `Do.MOVE`, `Do.DELETE` or `Do.KEEP`; None:
    nobody said. ``labels``, ``copies`` and ``forwards`` are the targets of such actions, each
    once; a forward is an address and the name of its filter. ``met`` are the filters, in order.
    """

    place: Action | None = None
    copies: tuple[int | str, ...] = ()
    labels: tuple[int | str, ...] = ()
    forwards: tuple[tuple[str, str], ...] = ()
    is_starred: bool = False
    is_read: bool = False
    is_never_junk: bool = False
    met: tuple[Rule, ...] = ()

    @property
    def beats_spam(self) -> bool:
        """Whether a person's word about the place stands above any spam score."""
        return self.is_never_junk or self.place is not None


NOTHING = Outcome()
#: Of one message, whatever all its filters say together: rows and mail that go out cost everybody.
MAX_COPIES = 20
MAX_FORWARDS = 10
_PLACES = (Do.MOVE, Do.DELETE, Do.KEEP)


@dataclass(slots=True)
class _Made:
    place: Action | None = None
    copies: dict[int | str, None] = field(default_factory=dict)
    labels: dict[int | str, None] = field(default_factory=dict)
    forwards: dict[str, str] = field(default_factory=dict)
    flags: set[Do] = field(default_factory=set)


def rule(
    pk: int,
    name: str,
    *,
    is_domain: bool,
    is_any: bool,
    conditions: Iterable[Condition],
    actions: Iterable[Action],
) -> Rule:
    """A filter made ready. Raises ValueError where a condition makes no sense, or there is none."""
    asked = tuple(question(one) for one in conditions)
    if not asked:
        raise ValueError("a filter without conditions would meet everything")
    return Rule(pk, name, is_domain, any_of(asked) if is_any else all_of(asked), tuple(actions))


def apply_filters(filters: Sequence[Rule], facts: Facts) -> Outcome:
    """What these filters, in this order, do with a message."""
    met: list[Rule] = []
    for one in filters:
        if one.meets(facts):
            met.append(one)
            if one.is_last:
                break
    return _outcome(met) if met else NOTHING


def _outcome(met: list[Rule]) -> Outcome:
    made = _Made()
    for one in met:
        for action in one.actions:
            _do(made, action, one.name)
    return Outcome(
        place=made.place,
        copies=tuple(made.copies),
        labels=tuple(made.labels),
        forwards=tuple(made.forwards.items()),
        is_starred=Do.STAR in made.flags,
        is_read=Do.READ in made.flags,
        is_never_junk=Do.NEVER_JUNK in made.flags,
        met=tuple(met),
    )


def _do(made: _Made, action: Action, name: str) -> None:
    if action.do in _PLACES:
        made.place = made.place or action
    elif action.do == Do.COPY:
        if len(made.copies) < MAX_COPIES:
            made.copies[action.target] = None
    elif action.do == Do.LABEL:
        made.labels[action.target] = None
    elif action.do == Do.FORWARD:
        _forward(made, str(action.target), name)
    else:
        made.flags.add(action.do)


def _forward(made: _Made, address: str, name: str) -> None:
    """To an address once, however it is written."""
    is_known = any(one.casefold() == address.casefold() for one in made.forwards)
    if not is_known and len(made.forwards) < MAX_FORWARDS:
        made.forwards[address] = name
