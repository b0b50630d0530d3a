"""The numbers that stand around every screen, in one query."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import Aggregate, Count, Max, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from connectivity.services import notifications
from lib.prepared import Prepared
from retrieval.models import RetrievalTask, TaskState
from smtp_accounts.models import Draft
from smtp_accounts.services import waiting


class Figures(NamedTuple):
    """Accounts that cannot go on without the user, notices nobody has seen and when the newest
    of them came, drafts, the outbox and what of it needs the user."""

    needs_you: int = 0
    notices: int = 0
    newest: datetime | None = None
    drafts: int = 0
    waiting: int = 0
    attention: int = 0


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
    )


def _figure(rows: QuerySet[Any], of: Aggregate) -> Subquery:
    return Subquery(rows.order_by().values("user").annotate(figure=of).values("figure"))


_FIGURES: Final = Prepared(_asked, int, datetime)


def figures(user: User) -> Figures:
    """The person's numbers as they are now."""
    for needs, notices, newest, *rest in _FIGURES.rows(user.pk, timezone.now()):
        return Figures(needs or 0, notices or 0, newest, *(one or 0 for one in rest))
    return Figures()
