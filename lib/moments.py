"""Times and spans in words, short enough for a list row."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext


def moment(at: datetime, *, now: datetime) -> str:
    """A time of today as 09:40, one of this week as Tue 09:40, else a date."""
    local, today = timezone.localtime(at), timezone.localtime(now)
    clock = date_format(local, "H:i")
    if local.date() == today.date():
        return clock
    if abs(local.date() - today.date()) < timedelta(days=6):
        return f"{date_format(local, 'D')} {clock}"
    if local.year == today.year:
        return date_format(local, pgettext("day in a list", "j M"))
    return date_format(local, pgettext("day of another year in a list", "j M Y"))


def day(at: datetime, *, now: datetime) -> str:
    """The heading of a day: Today, Yesterday, or the weekday and date."""
    local, today = timezone.localtime(at).date(), timezone.localtime(now).date()
    name = date_format(local, _("l j F") if local.year == today.year else _("l j F Y"))
    if local == today:
        return _("Today, %(day)s") % {"day": name}
    if local == today - timedelta(days=1):
        return _("Yesterday")
    return name


def count(number: int) -> str:
    """A number with the separators of the reader's language."""
    return number_format(number, force_grouping=True)


def span(seconds: float) -> str:
    """How long something took or will take."""
    if seconds < 10:
        return _("%(seconds)s s") % {"seconds": number_format(round(seconds, 1), decimal_pos=1)}
    if seconds < 90:
        return _("%(seconds)d s") % {"seconds": round(seconds)}
    minutes = round(seconds / 60)
    if minutes < 90:
        return ngettext("%(n)d min", "%(n)d min", minutes) % {"n": minutes}
    return ngettext("%(n)d h", "%(n)d h", round(minutes / 60)) % {"n": round(minutes / 60)}
