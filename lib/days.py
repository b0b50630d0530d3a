"""Days as a reader thinks of them: today, yesterday, this week, then months."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import formats
from django.utils.translation import gettext, pgettext


@dataclass(frozen=True)
class Day:
    """A heading in a list; ``key`` is the same for all messages under it."""

    key: str
    label: str


def day_of(moment: dt.datetime, today: dt.date) -> Day:
    """The heading a message of ``moment`` (already local) goes under."""
    date = moment.date()
    age = (today - date).days
    if age <= 0:
        return Day("today", gettext("Today"))
    if age == 1:
        return Day("yesterday", gettext("Yesterday"))
    if age < 7:
        return Day("week", gettext("This week"))
    label = formats.date_format(date, pgettext("month heading in a list", "F Y"))
    return Day(f"{date:%Y-%m}", label)


def short_time(moment: dt.datetime, today: dt.date) -> str:
    """The time as a list shows it: 09:38, Thu, 13 Nov, 13 Nov 2024. ``moment`` is local."""
    age = (today - moment.date()).days
    if age <= 0:
        return formats.date_format(moment, pgettext("time in a list", "H:i"))
    if age < 7:
        return formats.date_format(moment, pgettext("weekday in a list", "D"))
    if moment.year == today.year or age < 180:
        return formats.date_format(moment, pgettext("day in a list", "j M"))
    return formats.date_format(moment, pgettext("day of another year in a list", "j M Y"))


def long_time(moment: dt.datetime, today: dt.date) -> str:
    """The time as an open message shows it: Today 09:38, Thu 19 Nov 2026 09:38. Local."""
    clock = formats.date_format(moment, pgettext("time in a list", "H:i"))
    age = (today - moment.date()).days
    if age == 0:
        return gettext("Today %(time)s") % {"time": clock}
    if age == 1:
        return gettext("Yesterday %(time)s") % {"time": clock}
    date = formats.date_format(moment, pgettext("date of an open message", "D j M Y"))
    return f"{date} {clock}"
