"""Who signed in, or tried to."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from accounts.models import SignIn
from accounts.models.trail import Outcome
from webmail.logs.asking import Asked, narrowed
from webmail.logs.line import Badge, Cell, Line, Log, person_of

_LOOK = {
    Outcome.IN: ("check-circle", "ok"),
    Outcome.REFUSED: ("error", "warn"),
    Outcome.LOCKED: ("lock", "danger"),
    Outcome.SECOND: ("shield", "warn"),
}


def _lines(asked: Asked, most: int) -> Sequence[Line]:
    rows = narrowed(SignIn.objects.select_related("user"), asked, at="at", person="user")
    if asked.outcome:
        rows = rows.filter(outcome=asked.outcome)
    return [_line(row) for row in rows[:most]]


def _line(row: SignIn) -> Line:
    icon, tone = _LOOK.get(Outcome(row.outcome), ("info", ""))
    who, name = person_of(row.user)
    cells = (
        Cell(str(row.get_protocol_display())),
        Cell(row.address or "", row.place, is_code=True),
        Cell(row.client),
    )
    badge = Badge(str(row.get_outcome_display()), icon, tone)
    return Line(pk=row.pk, at=row.at, who=who, name=name, badge=badge, cells=cells)


SIGN_INS = Log(
    "sign-ins",
    _("Sign-ins"),
    _("Every sign-in of the last three days, by any protocol, and those that were refused."),
    _("Nobody has signed in for three days."),
    (_("Outcome"), _("Protocol"), _("Address"), _("Program")),
    dict(Outcome.choices),
    _lines,
)
