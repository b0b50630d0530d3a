"""The numbers that stand around every screen, in one query."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import Aggregate, Count, Exists, Max, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from connectivity.services import notifications
from lib.prepared import Prepared
from mailstore.models import Label, Reminder, SavedSearch
from retrieval.models import RetrievalTask, TaskState
from smtp_accounts.models import Draft
from smtp_accounts.services import marks, waiting


class Figures(NamedTuple):
    """Accounts that cannot go on without the user, notices nobody has seen and when the newest
    of them came, drafts, the outbox and what of it needs the user, reminders to come; and whether
    there is any mail that did not reach somebody (yet), any label, saved search, message with a
    reminder due."""

    needs_you: int = 0
    notices: int = 0
    newest: datetime | None = None
    drafts: int = 0
    waiting: int = 0
    attention: int = 0
    reminders: int = 0
    late: bool = False
    labels: bool = False
    searches: bool = False
    returned: bool = False


def _asked(user: int, now: datetime) -> QuerySet[User, Any]:
    someone = User(pk=user)
    tasks = RetrievalTask.objects.filter(user=user, state=TaskState.NEEDS_PASSWORD)
    unread = notifications.unread_rows(someone, now=now)
    return User.objects.filter(pk=user).values_list(
        _figure(tasks, Count("pk")),
        _figure(unread, Count("pk")),
        _figure(unread, Max("at")),
        _figure(Draft.objects.open().filter(user=user), Count("pk")),
        _figure(waiting.rows(someone), Count("pk")),
        _figure(waiting.needing(someone), Count("pk")),
        _figure(Reminder.objects.filter(user=user, came_at=None), Count("pk")),
        Exists(marks.rows(someone)),
        Exists(Label.objects.filter(user=user)),
        Exists(SavedSearch.objects.filter(user=user)),
        Exists(Reminder.objects.filter(user=user, came_at__isnull=False)),
    )


def _figure(rows: QuerySet[Any], of: Aggregate) -> Subquery:
    return Subquery(rows.order_by().values("user").annotate(figure=of).values("figure"))


_FIGURES: Final = Prepared(_asked, int, datetime)


def figures(user: User) -> Figures:
    """The person's numbers as they are now."""
    for row in _FIGURES.rows(user.pk, timezone.now()):
        # Where there is nothing to count, there is no number.
        known = {name: value for name, value in zip(Figures._fields, row, strict=True) if value}
        return Figures(**known)
    return Figures()
