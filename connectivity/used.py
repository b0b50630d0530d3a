"""How much of a feature is used in each domain, and by how many people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Count, QuerySet

from accounts.models import Domain


class Used(NamedTuple):
    """So many things, of so many people."""

    things: int = 0
    people: int = 0


def used(rows: QuerySet[Any], owner: str, domain: Domain | None) -> dict[int, Used]:
    """The rows of one domain or of all, by domain; ``owner`` is the way from a row to its user."""
    rows = rows.filter(**{f"{owner}__domain": domain}) if domain else rows
    counted = rows.order_by().values_list(f"{owner}__domain")
    counts = counted.annotate(Count("pk"), Count(owner, distinct=True))
    return {pk: Used(things, people) for pk, things, people in counts}


def total(found: Iterable[Used]) -> Used:
    """All of it; nobody is in two domains."""
    every = list(found)
    return Used(sum(one.things for one in every), sum(one.people for one in every))
