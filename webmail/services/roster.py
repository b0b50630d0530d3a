"""The people of a domain, as its administrator sees them: nothing of what their mail holds.

A page costs the same few statements however many people there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from accounts.models import Domain, User
from accounts.services import limits
from mailstore.models import Folder
from retrieval.models import RetrievalTask, TaskState

#: Words of the filter in the address, and whom each leaves.
FILTERS: Final = ("attention", "no-backup", "disabled", "deleting")
#: Percent of the space from which it is called almost full.
ALMOST: Final = 95


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people there are, and how many of them need attention."""

    people: int
    attention: int


@dataclass(frozen=True, slots=True)
class Line:
    """One person in the list; sizes in bytes, ``quota`` None where nothing limits it."""

    user: User
    tasks: int
    needing: int
    used: int
    quota: int | None

    @property
    def percent(self) -> int:
        """How much of the space is used, at most 100."""
        return min(100, self.used * 100 // self.quota) if self.quota else 0

    @property
    def is_full(self) -> bool:
        """Whether there is hardly any space left."""
        return bool(self.quota) and self.percent >= ALMOST


def people_of(domain: Domain, *, query: str = "", only: str = "") -> QuerySet[User]:
    """The people whose name or address holds what is searched for, and whom a filter leaves."""
    rows = User.objects.filter(domain=domain).order_by("email")
    for word in query.split()[:5]:
        rows = rows.filter(Q(email__icontains=word) | Q(display_name__icontains=word))
    if only == "attention":
        return rows.filter(_needs_attention())
    if only == "no-backup":
        return rows.filter(backup_confirmed_at=None)
    if only == "disabled":
        return rows.filter(is_active=False)
    return rows.filter(delete_after__isnull=False) if only == "deleting" else rows


def counts(domain: Domain) -> Counts:
    """Of the whole domain, in one statement."""
    found = User.objects.filter(domain=domain).aggregate(
        people=Count("pk"), attention=Count("pk", filter=Q(_needs_attention()))
    )
    return Counts(found["people"], found["attention"])


def lines(domain: Domain, users: Sequence[User]) -> list[Line]:
    """What is shown of these people: the same few statements, however many they are."""
    keys = [user.pk for user in users]
    spaces = limits.spaces_of(domain.pk)
    sizes = dict(
        Folder.objects.filter(user__in=keys)
        .order_by()
        .values_list("user")
        .annotate(sum=Sum("size"))
    )
    needs = Count("pk", filter=Q(state=TaskState.NEEDS_PASSWORD))
    tasks = {
        user: (count, needing)
        for user, count, needing in RetrievalTask.objects.filter(user__in=keys)
        .order_by()
        .values_list("user")
        .annotate(count=Count("pk"), needing=needs)
    }
    return [
        Line(
            user,
            *tasks.get(user.pk, (0, 0)),
            sizes.get(user.pk) or 0,
            limits.space_of(user, spaces),
        )
        for user in users
    ]


def line(user: User) -> Line:
    """The same of one person."""
    return lines(user.domain, [user])[0]


def _needs_attention() -> Exists:
    """An account of theirs cannot go on without them."""
    stuck = RetrievalTask.objects.filter(user=OuterRef("pk"), state=TaskState.NEEDS_PASSWORD)
    return Exists(stuck)
