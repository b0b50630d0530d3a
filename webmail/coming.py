"""Times offered for what is to come back: sensible hours in the zone of the person."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from smtp_accounts.services import following_up
from webmail.later import MONDAY, Preset, form_value, words

MORNING, WEEKEND = time(8, 0), time(9, 0)
#: Nobody is to be disturbed later than that; "later today" is tomorrow then.
LATEST: Final = time(21, 0)
SATURDAY: Final = 5
_LATER = timedelta(hours=3)
#: Days ahead, and what they are called.
AHEAD: Final = (
    (1, gettext_lazy("Tomorrow")),
    (3, gettext_lazy("In three days")),
    (7, gettext_lazy("In a week")),
    (14, gettext_lazy("In two weeks")),
)
#: Of these, what is offered for mail that may go out later: text as in a form, and its name.
AFTER_SENDING: Final = [(str(days), label) for days, label in AHEAD if days in following_up.DAYS]


def snoozes(now: datetime) -> list[Preset]:
    """Later today, tomorrow, this weekend and next week, as far as they make sense now."""
    local = timezone.localtime(now)
    found = []
    later = _full_hour(now + _LATER)
    if later.date() == local.date() and later.time() <= LATEST:
        found.append(_offer(_("Later today"), later))
    found.append(_offer(_("Tomorrow"), day(local, 1, MORNING)))
    to_saturday = SATURDAY - local.weekday()
    if to_saturday > 1:
        found.append(_offer(_("This weekend"), day(local, to_saturday, WEEKEND)))
    to_monday = (MONDAY - local.weekday()) % 7 or 7
    if to_monday > 1:
        found.append(_offer(_("Next week"), day(local, to_monday, MORNING)))
    return found


def reminders(now: datetime) -> list[Preset]:
    """Tomorrow, in three days, in a week, in two weeks; in the morning."""
    local = timezone.localtime(now)
    return [_offer(str(label), day(local, days, MORNING)) for days, label in AHEAD]


def day(local: datetime, days: int, clock: time) -> datetime:
    """That hour so many days on. An hour that a change of clocks leaves out is the next."""
    on = local.date() + timedelta(days=days)
    moment = datetime.combine(on, clock, tzinfo=local.tzinfo)
    return timezone.localtime(moment.astimezone(timezone.get_default_timezone()))


def _full_hour(moment: datetime) -> datetime:
    """The next full hour on the person's own clock."""
    local = timezone.localtime(moment)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return timezone.localtime(moment + (timedelta(hours=1) - past if past else past))


def _offer(label: str, at: datetime) -> Preset:
    return Preset(label, form_value(at), words(at), int(at.timestamp()))
