"""What became of outgoing messages: how many recipients took each, never who they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from connectivity.causes import explain_cause
from connectivity.providers import name_of
from lib.moments import count
from smtp_accounts.models import OutboxMessage, OutboxRecipient
from smtp_accounts.models.outbox import OutboxState, RecipientState
from webmail.logs.asking import Asked, narrowed
from webmail.logs.line import Badge, Cell, Line, Log, person_of

_LOOK = {
    OutboxState.QUEUED: ("clock", ""),
    OutboxState.SENDING: ("send", "run"),
    OutboxState.SENT: ("check-circle", "ok"),
    OutboxState.RETRY: ("hourglass", "warn"),
    OutboxState.REFUSED: ("error", "danger"),
    OutboxState.UNKNOWN: ("warning", "warn"),
    OutboxState.CANCELLED: ("undo", ""),
}
# No subject, no sender, no recipient, no line of the server.
_SHOWN = (
    *("created_at", "state", "cause", "account__host", "account__port"),
    *("user__email", "user__display_name"),
)


def _lines(asked: Asked, most: int) -> Sequence[Line]:
    shown = OutboxMessage.objects.select_related("user", "account").only(*_SHOWN)
    rows = narrowed(shown, asked, at="created_at", person="user")
    if asked.outcome:
        rows = rows.filter(state=asked.outcome)
    found = list(rows[:most])
    counts = _counts([row.pk for row in found])
    return [_line(row, counts.get(row.pk, {})) for row in found]


def _counts(ids: Sequence[int]) -> Mapping[int, Mapping[str, int]]:
    """How many recipients of each message are in which state, with one query."""
    rows = OutboxRecipient.objects.filter(outbox__in=ids).order_by()
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for pk, state, number in rows.values_list("outbox", "state").annotate(Count("pk")):
        found[pk][state] = number
    return found


def _line(row: OutboxMessage, counts: Mapping[str, int]) -> Line:
    icon, tone = _LOOK.get(OutboxState(row.state), ("info", ""))
    who, name = person_of(row.user)
    host = row.account.host if row.account else ""
    through = name_of(host) if host else _("The relay of this installation")
    cells = (Cell(through), Cell(_recipients(counts)), Cell(*_why(row, host or through)))
    badge = Badge(str(row.get_state_display()), icon, tone)
    return Line(pk=row.pk, at=row.created_at, who=who, name=name, badge=badge, cells=cells)


def _recipients(counts: Mapping[str, int]) -> str:
    total = sum(counts.values())
    took = counts.get(RecipientState.ACCEPTED, 0)
    if took in (0, total):
        return ngettext("%(n)s recipient", "%(n)s recipients", total) % {"n": count(total)}
    return _("%(took)s of %(total)s recipients") % {"took": count(took), "total": count(total)}


def _why(row: OutboxMessage, host: str) -> tuple[str, str]:
    if not row.cause or row.state == OutboxState.SENT:
        return "", ""
    values = {"host": host, "port": row.account.port if row.account else ""}
    why = explain_cause(row.cause, values, protocol="smtp")
    return why.title, why.sentence


SENDING = Log(
    "sending",
    gettext_lazy("Sending"),
    gettext_lazy("Every message that was given to the outbox: what became of it, and why."),
    gettext_lazy("Nothing has been sent yet."),
    (
        *(gettext_lazy("Outcome"), gettext_lazy("Sent through"), gettext_lazy("Recipients")),
        gettext_lazy("Why"),
    ),
    dict(OutboxState.choices),
    _lines,
)
