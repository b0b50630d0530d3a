"""The filters that are in force, ready to be asked."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from accounts.models import User
from filtering import rules
from filtering.actions import OF_DOMAINS, Action, Do
from filtering.conditions import Condition
from filtering.models import Filter, Match
from filtering.rules import Rule
from mailstore.models import Folder, Label

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Belongings:
    """What filters of a person may name: folders and labels by their keys."""

    folders: Mapping[int, Folder] = field(default_factory=dict)
    labels: Mapping[int, Label] = field(default_factory=dict)

    def has(self, action: Action) -> bool:
        """Whether what an action of a person's filter names is there."""
        if action.do in (Do.MOVE, Do.COPY):
            return action.target in self.folders
        return action.do != Do.LABEL or action.target in self.labels


def of(users: Collection[User]) -> dict[int, list[Rule]]:
    """What is in force for people, by their keys: the domain's filters and then their own.

    A filter that names what is gone, or that cannot be read, is passed over; its page says so.
    """
    whose = Q(user__in=users) | Q(domain__in={one.domain_id for one in users})
    rows = list(Filter.objects.filter(whose, is_on=True).order_by("position", "pk"))
    if not rows:
        return {one.pk: [] for one in users}
    there = belongings(one for one in rows if one.user_id)
    ready = [(row, made) for row in rows if (made := ready_rule(row, there)) is not None]
    return {
        user.pk: [made for row, made in ready if row.domain_id == user.domain_id]
        + [made for row, made in ready if row.user_id == user.pk]
        for user in users
    }


def belongings(rows: Iterable[Filter]) -> dict[int, Belongings]:
    """What filters of people name and is there, by person; two queries at most."""
    named: dict[Do, set[int]] = defaultdict(set)
    users: set[int] = set()
    for row in rows:
        users.add(row.user_id or 0)
        for action in actions_of(row):
            if isinstance(action.target, int):
                named[Do.LABEL if action.do == Do.LABEL else Do.MOVE].add(action.target)
    folders = named[Do.MOVE] and Folder.objects.filter(user__in=users, pk__in=named[Do.MOVE])
    labels = named[Do.LABEL] and Label.objects.filter(user__in=users, pk__in=named[Do.LABEL])
    there = {user: Belongings({}, {}) for user in users}
    return {
        user: Belongings(
            {one.pk: one for one in folders or () if one.user_id == user},
            {one.pk: one for one in labels or () if one.user_id == user},
        )
        for user in there
    }


def ready_rule(row: Filter, there: Mapping[int, Belongings]) -> Rule | None:
    """A filter ready to be asked, None where it needs attention."""
    try:
        actions = [Action.of_row(one) for one in row.actions]
        if row.domain_id and any(one.do not in OF_DOMAINS for one in actions):
            # Whatever way it came into the row: nobody reads another's mail by a domain's filter.
            return None
        if row.user_id and not all(there[row.user_id].has(one) for one in actions):
            return None
        return rules.rule(
            row.pk,
            row.name,
            is_domain=row.domain_id is not None,
            is_any=row.match == Match.ANY,
            conditions=[Condition.of_row(one) for one in row.conditions],
            actions=actions,
        )
    except (ValueError, TypeError) as error:
        log.warning("filter %s cannot be read: %s", row.pk, type(error).__name__)
        return None


def actions_of(row: Filter) -> list[Action]:
    """The actions of a filter that can be read."""
    found: list[Action] = []
    for one in row.actions if isinstance(row.actions, list) else ():
        try:
            found.append(Action.of_row(one))
        except ValueError:
            continue
    return found
