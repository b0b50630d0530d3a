"""The form of a filter: its lines come and go, and nothing typed is lost on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.http import QueryDict

from filtering.actions import Do
from filtering.services.checked import MAX_ACTIONS, MAX_CONDITIONS
from filtering.services.filters import Wanted
from webmail import filter_rows
from webmail.filter_rows import ActionRow, ConditionRow


@dataclass(slots=True)
class FilterForm:
    """A filter as it is typed. ``errors`` are about the name and about the lists as wholes; what
    is wrong with one line stands there."""

    name: str = ""
    is_any: bool = False
    is_on: bool = True
    conditions: list[ConditionRow] = field(default_factory=list)
    actions: list[ActionRow] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def new(cls) -> FilterForm:
        """An empty one, with one line of each."""
        return cls(conditions=[ConditionRow()], actions=[ActionRow()])

    @classmethod
    def sent(cls, post: QueryDict) -> FilterForm:
        """What a browser sent."""
        return cls(
            name=post.get("name", "")[:500],
            is_any=post.get("match") == "any",
            is_on=post.get("is_on") == "1",
            conditions=filter_rows.conditions_of(post),
            actions=filter_rows.actions_of(post),
        )

    @classmethod
    def of(cls, wanted: Wanted) -> FilterForm:
        """A filter that is there, or that is proposed."""
        return cls(
            wanted.name,
            wanted.is_any,
            wanted.is_on,
            [filter_rows.row_of(one) for one in wanted.conditions] or [ConditionRow()],
            [filter_rows.line_of(one) for one in wanted.actions] or [ActionRow()],
        )

    def wanted(self, *, of_domain: bool) -> Wanted:
        """As it is saved, once it was checked."""
        return Wanted(
            name=self.name,
            conditions=[one.condition for one in self.conditions],
            actions=[one.action(of_domain=of_domain) for one in self.actions],
            is_any=self.is_any,
            is_on=self.is_on,
        )

    def take(self, step: str) -> None:
        """Add or remove a line ("add-condition", "drop-action-2"); whatever else it is, lines whose
        kind was changed get the comparisons of their kind."""
        for one in self.conditions:
            one.settle()
        do, _dash, what = step.partition("-")
        kind, _dash, place = what.partition("-")
        if do == "add" and kind == "condition" and len(self.conditions) < MAX_CONDITIONS:
            self.conditions.append(ConditionRow(is_new=True))
        elif do == "add" and kind == "action" and len(self.actions) < MAX_ACTIONS:
            self.actions.append(ActionRow(is_new=True))
        elif do == "drop" and place.isdecimal():
            lines: list[ConditionRow] | list[ActionRow]
            lines = self.conditions if kind == "condition" else self.actions
            del lines[int(place) : int(place) + 1]

    def refuse(self, errors: dict[str, str]) -> None:
        """Say what `filtering.services.filters.check` found wrong, each where it belongs."""
        for key, sentence in errors.items():
            kind, _dot, place = key.partition(".")
            lines: list[ConditionRow] | list[ActionRow]
            lines = self.conditions if kind == "conditions" else self.actions
            if place.isdecimal() and int(place) < len(lines):
                lines[int(place)].error = sentence
            else:
                self.errors[key] = sentence

    @property
    def forwards(self) -> bool:
        """Whether it sends mail on."""
        return any(one.do == Do.FORWARD for one in self.actions)

    @property
    def can_add_condition(self) -> bool:
        """Whether there is room for one more."""
        return len(self.conditions) < MAX_CONDITIONS

    @property
    def can_add_action(self) -> bool:
        """Whether there is room for one more."""
        return len(self.actions) < MAX_ACTIONS
