"""The Email Retrieval card of the Connectivity page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from connectivity.draft_rows import draft_rows
from connectivity.models import AccountDraft
from connectivity.providers import name_of
from connectivity.sections import Concern, Health
from lib.moments import moment
from retrieval.models import ProviderPause
from retrieval.rows import Look, Row, rows_for, tasks_of
from retrieval.services import allowance

TROUBLED = (Look.NEEDS_YOU, Look.FAILED)
#: With more rows than that, one is looked for by its name.
FILTER_FROM = 8


def card(user: User) -> dict[str, Any]:
    """The context of ``retrieval/_card.html``."""
    now = timezone.now()
    rows = rows_for(list(tasks_of(user)), now=now)
    return {
        "rows": rows,
        "drafts": draft_rows(user, AccountDraft.Kind.RETRIEVAL, now=now),
        "can_filter": len(rows) > FILTER_FROM,
        "health": health_of(rows, now=now),
        "summary": _summary(rows),
        "minutes": max(1, allowance.interval_of(user) // 60),
    }


def health_of(rows: Sequence[Row], *, now: datetime) -> Health:
    """Fine, waiting, held and troubled tasks. One its owner paused is as it should be: fine.

    One that waits and that its owner can mend at once is troubled: its row says so, too.
    """
    troubled = [row for row in rows if _is_troubled(row)]
    concerns = tuple(
        Concern(
            row.task.source.address or row.task.source.name,
            reverse("retrieval-detail", args=[row.task.pk]),
        )
        for row in troubled
    )
    waiting = sum(row.look == Look.WAITING and row not in troubled for row in rows)
    held = [(row.held, name_of(row.task.host)) for row in rows if row.held is not None]
    told = dict.fromkeys(pause_words(pause, name, now=now) for pause, name in held)
    fine = len(rows) - waiting - len(held) - len(concerns)
    return Health(fine, waiting, concerns, len(held), tuple(told))


def pause_words(pause: ProviderPause, provider: str, *, now: datetime) -> str:
    """Who paused ``provider`` until when, why, and what one can do."""
    values = {"provider": provider, "time": moment(pause.until, now=now), "reason": pause.reason}
    if pause.by is None:
        words = _("%(provider)s is paused by the operator until %(time)s. The reason: %(reason)s")
        advice = _("It goes on by itself. If you cannot wait, ask your administrator.")
    else:
        values["who"] = pause.by.email
        words = _("%(provider)s is paused by %(who)s until %(time)s. The reason: %(reason)s")
        advice = _("It goes on by itself. If you cannot wait, write to them.")
    return " ".join([_ended(words % values), advice])


def _ended(text: str) -> str:
    """With a full stop where its last words, typed by somebody, have no end of their own."""
    return text if text.endswith((".", "!", "?", "\N{HORIZONTAL ELLIPSIS}")) else f"{text}."


def _is_troubled(row: Row) -> bool:
    return row.look in TROUBLED or (row.look == Look.WAITING and row.repair is not None)


def _summary(rows: Sequence[Row]) -> str:
    if not rows:
        return _("None yet")
    running = sum(row.look == Look.RUNNING for row in rows)
    tasks = ngettext("%(n)d task", "%(n)d tasks", len(rows)) % {"n": len(rows)}
    if not running:
        return tasks
    return tasks + ", " + ngettext("%(n)d running", "%(n)d running", running) % {"n": running}
