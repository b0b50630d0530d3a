"""Send later: the times offered, and times as a form has them. In the zone of the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime, time, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

EVENING, MORNING = time(18, 0), time(8, 0)
MONDAY = 0
# This close to it, the evening is no longer "later".
_MARGIN = timedelta(minutes=30)
# Further ahead than this, a day and a month alone may be taken for another year's.
_FAR = timedelta(days=180)
_FORM = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Preset:
    """One time offered. ``value`` is for the form, ``moment`` in seconds since 1970."""

    label: str
    value: str
    words: str
    moment: int


def presets(now: datetime) -> list[Preset]:
    """This evening, tomorrow morning and Monday, as far as they are still to come and differ."""
    local = timezone.localtime(now)
    evening = _at(local, 0, EVENING)
    to_monday = (MONDAY - local.weekday()) % 7 or 7
    found = [(_("Tomorrow morning"), _at(local, 1, MORNING))]
    if evening - now > _MARGIN:
        found.insert(0, (_("This evening"), evening))
    if to_monday > 1:
        found.append((_("Monday morning"), _at(local, to_monday, MORNING)))
    return [Preset(label, form_value(at), words(at), int(at.timestamp())) for label, at in found]


def words(at: datetime) -> str:
    """The time in words, short enough for the foot of a window; far ahead, with its year."""
    form = _("D j M, H:i")
    if at - timezone.now() > _FAR:
        form = form.replace("M", "M Y", 1)
    return date_format(timezone.localtime(at), form)


def form_value(at: datetime | None) -> str:
    """The time as a field of a form has it; empty for none."""
    return timezone.localtime(at).strftime(_FORM) if at is not None else ""


def parse(text: str) -> datetime | None:
    """A time from a form. An hour that a change of clocks leaves out counts as the one after it."""
    try:
        naive = datetime.strptime(text, _FORM)  # noqa: DTZ007 - the zone is added below
    except ValueError:
        return None
    if not MINYEAR < naive.year < MAXYEAR:
        # There, another zone may have no such hour.
        return None
    return naive.replace(tzinfo=timezone.get_current_timezone())


def is_over(at: datetime | None, now: datetime) -> bool:
    """Whether a chosen time has passed while the window stood open."""
    return at is not None and at <= now


def _at(local: datetime, days: int, clock: time) -> datetime:
    day = local.date() + timedelta(days=days)
    return datetime.combine(day, clock, tzinfo=local.tzinfo)
