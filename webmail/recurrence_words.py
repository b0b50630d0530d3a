"""Rules of recurrence (RFC 5545 section 3.3.10) in words, as far as people make them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WORKDAYS = {"MO", "TU", "WE", "TH", "FR"}
_MOST = 1000


def words(rule: str) -> str:
    """The rule as a sentence without its full stop; empty where there is no rule."""
    if not rule:
        return ""
    pairs = (one.partition("=") for one in rule.split(";")[:20])
    said = {name: value for name, _equals, value in pairs}
    base = _often(said, _number(said.get("INTERVAL", "")) or 1)
    if not base:
        return _("Repeats by a rule of its own")
    return f"{base}{_end(said)}"


def _number(text: str) -> int:
    return min(int(text), _MOST) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


def _often(said: Mapping[str, str], every: int) -> str:
    freq, days = said.get("FREQ", ""), [one for one in said.get("BYDAY", "").split(",") if one]
    if freq == "DAILY":
        return ngettext("Every day", "Every %(n)d days", every) % {"n": every}
    if freq == "WEEKLY":
        if set(days) == _WORKDAYS and every == 1:
            return _("Every working day")
        names = [str(WEEKDAYS[_DAYS.index(one)]) for one in days if one in _DAYS]
        base = ngettext("Every week", "Every %(n)d weeks", every) % {"n": every}
        on = {"base": base, "days": ", ".join(names)}
        return _("%(base)s on %(days)s") % on if names else base
    if freq == "MONTHLY":
        base = ngettext("Every month", "Every %(n)d months", every) % {"n": every}
        return _in_month(said, days, base)
    if freq == "YEARLY":
        return ngettext("Every year", "Every %(n)d years", every) % {"n": every}
    return ""


def _in_month(said: Mapping[str, str], days: list[str], base: str) -> str:
    """On which day of a month, where it is one that has a name."""
    at = _number(said.get("BYMONTHDAY", ""))
    if at:
        return _("%(base)s on day %(day)d") % {"base": base, "day": at}
    if len(days) != 1 or days[0][-2:] not in _DAYS:
        return base
    place = days[0][:-2] or said.get("BYSETPOS", "")
    which = {
        "1": _("the first %(day)s"),
        "2": _("the second %(day)s"),
        "3": _("the third %(day)s"),
        "4": _("the fourth %(day)s"),
        "-1": _("the last %(day)s"),
    }.get(place.removeprefix("+"))
    if which is None:
        return base
    day = which % {"day": WEEKDAYS[_DAYS.index(days[0][-2:])]}
    return _("%(base)s on %(day)s") % {"base": base, "day": day}


def _end(said: Mapping[str, str]) -> str:
    count, until = _number(said.get("COUNT", "")), said.get("UNTIL", "")[:8]
    if count:
        return ngettext(", %(n)d time", ", %(n)d times", count) % {"n": count}
    if until.isascii() and until.isdecimal() and len(until) == 8:
        try:
            day = dt.date(int(until[:4]), int(until[4:6]), int(until[6:]))
        except ValueError:
            return ""
        return _(", until %(day)s") % {"day": date_format(day, _("j F Y"))}
    return ""
