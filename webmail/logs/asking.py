"""What is asked of a log: whose, of which days, how it ended, and from which line on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from accounts.models import User

Row = TypeVar("Row", bound=Model)
PAGE = 50
#: More people than this are looked for line by line: a list of their ids would be slower.
FEW = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(\d{1,17})-(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a log.

    ``domain`` None: the whole installation. ``since`` and ``until`` are days of the reader's
    time zone, both included. ``after`` is a cursor: the moment and id of the last line seen.
    ``sees_all``: for an administrator of the system, whom no detail is kept from.
    """

    domain: int | None = None
    who: str = ""
    since: date | None = None
    until: date | None = None
    outcome: str = ""
    after: tuple[datetime, int] | None = None
    sees_all: bool = False

    @property
    def is_narrowed(self) -> bool:
        """Whether something is asked for, so that no line is no empty log."""
        return bool(self.who or self.since or self.until or self.outcome)

    @property
    def fields(self) -> dict[str, str]:
        """The question as the fields of a form, without the cursor."""
        days = {"since": self.since, "until": self.until}
        found = {name: day.isoformat() for name, day in days.items() if day}
        words = {"q": self.who, "outcome": self.outcome}
        return {name: text for name, text in words.items() if text} | found

    @property
    def first(self) -> str:
        """The query of the first page."""
        return urlencode(self.fields)

    def onward(self, cursor: str) -> str:
        """The query of the page that follows the line with this cursor."""
        return urlencode(self.fields | ({"after": cursor} if cursor else {}))


def asked_by(
    values: Mapping[str, str],
    *,
    domain: int | None,
    outcomes: Mapping[str, object],
    sees_all: bool = False,
) -> Asked:
    """Read the question of a request; what is no value is not asked."""
    outcome = values.get("outcome", "")
    return Asked(
        domain=domain,
        who=" ".join(values.get("q", "").replace("\0", "").split())[:254],
        since=_day(values.get("since", "")),
        until=_day(values.get("until", "")),
        outcome=outcome if outcome in outcomes else "",
        after=_cursor(values.get("after", "")),
        sees_all=sees_all,
    )


def cursor_of(at: datetime, pk: int) -> str:
    """The cursor of a line."""
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}-{pk}"


def _cursor(text: str) -> tuple[datetime, int] | None:
    match = _CURSOR.fullmatch(text)
    return (_EPOCH + timedelta(microseconds=int(match[1])), int(match[2])) if match else None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year < 9999 else None


def narrowed(rows: QuerySet[Row], asked: Asked, *, at: str, person: str) -> QuerySet[Row]:
    """The rows of the domain, the person and the days; ``at`` and ``person`` are field paths."""
    if asked.domain is not None:
        rows = rows.filter(**{f"{person}__domain": asked.domain})
    if asked.who:
        ids = people_ids(asked)
        rows = rows.filter(
            named(f"{person}__", asked.who) if ids is None else Q(**{f"{person}__in": ids})
        )
    return in_days(rows, asked, at=at)


def people_ids(asked: Asked) -> list[int] | None:
    """Ids of the people asked for; None where they are too many to be named."""
    people = User.objects.filter(named("", asked.who))
    if asked.domain is not None:
        people = people.filter(domain=asked.domain)
    ids = list(people.order_by().values_list("pk", flat=True)[: FEW + 1])
    return ids if len(ids) <= FEW else None


def named(path: str, words: str) -> Q:
    """Whose address or name holds these words."""
    return Q(**{f"{path}email__icontains": words}) | Q(**{f"{path}display_name__icontains": words})


def in_days(rows: QuerySet[Row], asked: Asked, *, at: str) -> QuerySet[Row]:
    """The rows of the days asked for, newest first, from the cursor on."""
    if asked.since:
        rows = rows.filter(**{f"{at}__gte": _midnight(asked.since)})
    if asked.until:
        rows = rows.filter(**{f"{at}__lt": _midnight(asked.until + timedelta(days=1))})
    if asked.after:
        moment, pk = asked.after
        # Said twice, as databases only go into an index by the first.
        rows = rows.filter(**{f"{at}__lte": moment})
        rows = rows.filter(Q(**{f"{at}__lt": moment}) | Q(pk__lt=pk))
    return rows.order_by(f"-{at}", "-pk")


def following(asked: Asked, at: datetime, pk: int) -> Asked:
    """The same question for what comes after this line."""
    return replace(asked, after=(at, pk))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
