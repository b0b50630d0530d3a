"""The Authenticated IPs card: who signed in as this person, from where and with what (A123)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, cast

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.callers import Caller
from accounts.models import Outcome, Protocol, SignIn, User
from accounts.services import sign_ins
from lib.days import long_time
from lib.moments import moment

#: Lines on the card, and kinds of access that are counted for it at most.
SHOWN, COUNTED = 5, 200
#: Sign-ins on a page of the list.
PAGE = 100


@dataclass(frozen=True, slots=True)
class Line:
    """Sign-ins from one address by one protocol with one program (A127)."""

    address: str
    protocol: str
    client: str
    place: str
    last: datetime
    times: int
    now: datetime
    outcome: str = Outcome.IN

    @property
    def mark(self) -> str:
        """The same for the same address, protocol and program; see `mark_of`."""
        return f"{self.protocol} {self.address} {self.client}"

    @property
    def protocol_words(self) -> str:
        return str(Protocol(self.protocol).label)

    @property
    def outcome_words(self) -> str:
        return str(Outcome(self.outcome).label)

    @property
    def is_refused(self) -> bool:
        return self.outcome != Outcome.IN

    @property
    def knew_password(self) -> bool:
        """Whoever failed at the second step got past the first."""
        return self.outcome == Outcome.SECOND

    @property
    def is_mobile(self) -> bool:
        """By ActiveSync, which is usually a mobile device (A128)."""
        return self.protocol == Protocol.EAS

    @property
    def when(self) -> str:
        """Today 09:31, Yesterday 18:20, Wed 18:20."""
        local, today = timezone.localtime(self.last), timezone.localtime(self.now).date()
        recent = today - local.date() < timedelta(days=2)
        return long_time(local, today) if recent else moment(self.last, now=self.now)

    @property
    def often(self) -> str:
        if self.times == 1:
            return ""
        return ngettext("%(n)d time", "%(n)d times", self.times) % {"n": self.times}


def card(user: User) -> dict[str, Any]:
    """What the Connectivity page shows: one line for each address, protocol and program."""
    now = timezone.now()
    kinds = _kinds(user, now)
    addresses = len({line.address for line in kinds})
    summary = ngettext("%(n)d address in 3 days", "%(n)d addresses in 3 days", addresses)
    return {
        "lines": kinds[:SHOWN],
        "summary": summary % {"n": addresses} if kinds else _("None in 3 days"),
    }


def mark_of(caller: Caller) -> str:
    """The `Line.mark` of whoever asks for this very page."""
    return f"{Protocol.WEBMAIL} {caller.address} {caller.client}"


def refused(user: User, *, now: datetime) -> int:
    """How many tries to get in failed."""
    return _lately(user, now, is_in=False).count()


def listed(
    user: User, *, query: str, is_in: bool, page: int, now: datetime
) -> tuple[list[Line], bool]:
    """One page of all sign-ins, or of all that were refused, newest first; whether more follow.

    The same again and again is one line. ``query`` is looked for in address, program, place and
    protocol.
    """
    rows = _lately(user, now, is_in=is_in)
    for word in query.split():
        rows = rows.filter(_holding(word))
    begin = page * PAGE
    found = list(rows[begin : begin + PAGE + 1])
    return _joined(found[:PAGE], now), len(found) > PAGE


def _lately(user: User, now: datetime, *, is_in: bool) -> QuerySet[SignIn]:
    rows = sign_ins.lately(user, now=now)
    return rows.filter(outcome=Outcome.IN) if is_in else rows.exclude(outcome=Outcome.IN)


def _kinds(user: User, now: datetime) -> list[Line]:
    rows = _lately(user, now, is_in=True).order_by().values("address", "protocol", "client")
    counted = rows.annotate(last=Max("at"), times=Count("pk"), place=Max("place"))
    # Public ones have an address; their column says less.
    found = cast("Iterable[dict[str, Any]]", counted.order_by("-last", "address")[:COUNTED])
    return [Line(**row, now=now) for row in found]


def _holding(word: str) -> Q:
    named = [key for key, label in Protocol.choices if word.casefold() in str(label).casefold()]
    return (
        Q(address__icontains=word)
        | Q(client__icontains=word)
        | Q(place__icontains=word)
        | Q(protocol__in=named)
    )


def _joined(rows: Sequence[SignIn], now: datetime) -> list[Line]:
    def same(row: SignIn) -> tuple[object, ...]:
        return row.address, row.protocol, row.client, row.place, row.outcome

    return [_line(list(group), now) for _key, group in groupby(rows, key=same)]


def _line(rows: Iterable[SignIn], now: datetime) -> Line:
    newest, *others = rows
    return Line(
        address=newest.address or "",
        protocol=newest.protocol,
        client=newest.client,
        place=newest.place,
        last=newest.at,
        times=1 + len(others),
        now=now,
        outcome=newest.outcome,
    )
