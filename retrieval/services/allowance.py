"""How many retrieval tasks a person may have, and how often automatic ones run."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.utils.translation import ngettext

from accounts.models import Domain, User
from accounts.services import limits
from accounts.services.limits import Effective, Origin
from connectivity.cause import Explained
from connectivity.causes import explain_cause
from lib.moments import count
from retrieval.models import RetrievalTask
from retrieval.services import lease


class TaskLimitError(Exception):
    """The person has as many tasks as allowed; ``problem`` says whose limit that is."""

    def __init__(self, problem: Explained) -> None:
        super().__init__(problem.cause)
        self.problem = problem


def problem(user: User) -> Explained | None:
    """Why this person may make no other task now; None: there is room for one."""
    allowed = limits.explained(user.domain_id)["tasks"]
    if allowed.value is None:
        return None
    has = RetrievalTask.objects.filter(user=user).count()
    return _told(allowed, has) if has >= allowed.value else None


def hold(user: User) -> None:
    """Make sure that there is room for one more, until the end of the caller's transaction.

    Raises `TaskLimitError`.
    """
    # Two tabs that save at once ask one after the other.
    list(User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk"))
    if found := problem(user):
        raise TaskLimitError(found)


def interval_of(user: User) -> int:
    """Seconds between the automatic runs of this person's tasks."""
    return limits.interval_of(limits.of(user.domain_id))


def wake(*, now: datetime, domain: Domain | None = None, user: User | None = None) -> int:
    """Look again at once at the automatic tasks that wait for space; how many there are.

    Of a person, a domain, or everybody; the caller nudges the workers.
    """
    waiting = RetrievalTask.objects.filter(cause="space-full", next_at__gt=now)
    if user is not None:
        waiting = waiting.filter(user=user)
    elif domain is not None:
        waiting = waiting.filter(user__domain=domain)
    return waiting.filter(lease.free()).update(next_at=now)


def _told(allowed: Effective, has: int) -> Explained:
    by_system = allowed.origin in (Origin.SYSTEM, Origin.CEILING)
    told = explain_cause("task-limit-system" if by_system else "task-limit")
    if not has:
        return told
    if by_system:
        words = ngettext(
            "You have %(n)s retrieval task. This installation allows a person no more.",
            "You have %(n)s retrieval tasks. This installation allows a person no more.",
            has,
        )
    else:
        words = ngettext(
            "You have %(n)s retrieval task. Your domain allows a person no more.",
            "You have %(n)s retrieval tasks. Your domain allows a person no more.",
            has,
        )
    return replace(told, sentence=words % {"n": count(has)})
