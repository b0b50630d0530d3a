"""When an event is, in the words and the time zone of the reader."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mailstore.ical_time import Moment
from mailstore.invitation import Invitation

TO: Final = " \N{EN DASH} "


@dataclass(frozen=True)
class When:
    """``text`` in the reader's zone; ``there`` the time where it was planned, if that differs."""

    text: str
    there: str = ""
    is_over: bool = False
    is_now: bool = False


def when(event: Invitation, now: dt.datetime) -> When | None:
    """The time of an event; None where it names none."""
    if event.start is None:
        return None
    start, end = event.start, event.end
    if start.is_day:
        return _days(start, end, now)
    first = _local(start)
    last = _local(end) if end and not end.is_day else first
    text = f"{_day(first)}, {_clock(first)}"
    if last > first:
        same = last.date() == first.date()
        text = f"{text}{TO}{_clock(last)}" if same else f"{text}{TO}{_day(last)}, {_clock(last)}"
    over = last < now and not event.rule
    return When(text, _there(start, first), over, first <= now < last)


def _local(moment: Moment) -> dt.datetime:
    at = moment.at
    assert isinstance(at, dt.datetime)  # noqa: S101 - days are told apart before
    # A time that holds wherever one is holds where the reader is.
    return timezone.localtime(at if at.tzinfo else timezone.make_aware(at))


def _days(start: Moment, end: Moment | None, now: dt.datetime) -> When:
    first = start.at
    # DTEND is the first day that is free again (RFC 5545 section 3.6.1).
    last = end.at - dt.timedelta(days=1) if end and end.is_day and end.at > first else first
    text = _day(first) if last <= first else f"{_day(first)}{TO}{_day(last)}"
    today = timezone.localtime(now).date()
    return When(_("%(days)s, all day") % {"days": text}, "", last < today, first <= today <= last)


def _there(start: Moment, here: dt.datetime) -> str:
    """The time where it was planned, where that is another than the reader's."""
    at = start.at
    if not start.zone or not isinstance(at, dt.datetime) or at.utcoffset() == here.utcoffset():
        return ""
    return _("%(time)s in the time zone of the invitation (%(zone)s)") % {
        "time": _clock(at),
        "zone": start.zone,
    }


def _day(at: dt.date) -> str:
    return date_format(at, _("l j F Y"))


def _clock(at: dt.datetime) -> str:
    return date_format(at, "H:i")
