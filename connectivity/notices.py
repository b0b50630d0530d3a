"""Notifications in words, and when mail about them is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connectivity.causes import explain_cause
from lib.moments import moment

if TYPE_CHECKING:
    from connectivity.models import Notification

#: For so long a failure is the program's matter alone.
LASTING = timedelta(hours=1)
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)

KINDS: Mapping[str, str | Promise] = {
    "retrieval-needs-you": gettext_lazy("%(label)s needs you"),
    "retrieval-failing": gettext_lazy("%(label)s cannot be reached"),
    "smtp-needs-you": gettext_lazy("Sending as %(label)s needs you"),
    "smtp-failing": gettext_lazy("Sending as %(label)s does not work"),
}
#: Those that go on only when the person does something.
NEEDS_YOU = frozenset({"retrieval-needs-you", "smtp-needs-you"})
_AGAIN: Mapping[str, str | Promise] = {
    "retrieval": gettext_lazy("%(label)s works again"),
    "smtp": gettext_lazy("Sending as %(label)s works again"),
}
_SINCE: Mapping[str, str | Promise] = {
    "retrieval": gettext_lazy("Not checked since %(since)s."),
    "smtp": gettext_lazy("Nothing was sent since %(since)s."),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification as it is shown. ``tone`` is danger, warn or ok, ``icon`` goes with it."""

    title: str
    since: str
    sentence: str
    action: str
    tone: str
    icon: str
    is_over: bool
    url: str
    label: str
    is_unread: bool = False
    at: datetime | None = None


def told(row: Notification, *, now: datetime) -> Notice:
    """A notification in the language in force."""
    room = row.kind.partition("-")[0]
    values = {"label": row.label}
    if row.resolved_at is not None:
        title = str(_AGAIN.get(room, _AGAIN["retrieval"])) % values
        since = _("From %(since)s to %(until)s it did not work.") % {
            "since": moment(row.since, now=now),
            "until": moment(row.resolved_at, now=now),
        }
        return Notice(
            title, since, "", "", "ok", "check-circle", True, row.url, row.label, False, row.at
        )
    why = explain_cause(row.cause, row.params)
    needs = row.kind in NEEDS_YOU
    return Notice(
        title=str(KINDS.get(row.kind, KINDS["retrieval-failing"])) % values,
        since=str(_SINCE.get(room, _SINCE["retrieval"])) % {"since": moment(row.since, now=now)},
        sentence=why.sentence,
        action=why.action,
        tone="danger" if needs else "warn",
        icon="error" if needs else "alert",
        is_over=False,
        url=row.url,
        label=row.label,
        is_unread=row.read_at is None,
        at=row.at,
    )


def next_mail(since: datetime, now: datetime) -> datetime:
    """When to write again: daily at most, and ever more rarely while nobody minds."""
    return now + min(_WEEK, max(_DAY, (now - since) / 2))
