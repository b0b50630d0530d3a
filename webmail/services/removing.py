"""Taking an account away: marked first, kept for a while, then deleted for good in batches.

While an account is marked, nothing is fetched or sent for it (the queues leave such people out),
and whoever signs in to it is offered to take the deletion back, unless an administrator asked
for it. What happened stays in the audit
log, which names people and needs no row of theirs.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import ProtectedError, QuerySet
from django.utils.translation import gettext as _

from accounts.callers import NOBODY, Caller
from accounts.models import Role, User
from accounts.services import audit, sessions, telling
from connectivity.services import grants
from mailstore.services import removal
from webmail.services import exports

#: How long a deletion can be taken back.
GRACE: Final = timedelta(days=14)
#: `User.delete_marked_by` where nobody who signs in did it.
OPERATOR: Final = "operator"
log = logging.getLogger(__name__)


class RemovalRefused(Exception):
    """The account cannot be deleted as asked; ``str()`` may be shown."""


def mark(
    *,
    user: User,
    by: User | None,
    now: datetime,
    caller: Caller = NOBODY,
    grace: timedelta = GRACE,
) -> datetime:
    """Have the account deleted after ``grace``; when that is. Retrieval and sending stop at once.

    An account that is marked already keeps its day; where its owner did that, it is from now on
    ``by`` whom it was marked, and only administrators can take that back. ``by`` None is an
    operator's command. The caller of this ends the sessions that should not go on.

    Raises:
        RemovalRefused: for the last system administrator who can sign in.
    """
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=user.pk)
        whose = _marked_by(row, by)
        if row.delete_after is None or (whose and not row.delete_marked_by):
            _refuse_last(row)
            row.delete_after = row.delete_after or now + grace
            row.delete_marked_by = whose
            row.save(update_fields=["delete_after", "delete_marked_by"])
            detail = {"until": row.delete_after.isoformat()}
            audit.record(
                "user-deletion", now=now, actor=by, subject=row, caller=caller, detail=detail
            )
        user.delete_after, user.delete_marked_by = row.delete_after, row.delete_marked_by
    return row.delete_after


def leave(*, user: User, now: datetime, session: str | None, caller: Caller = NOBODY) -> None:
    """Mark the own account: signed out everywhere but in the session with this key, and told.

    Raises `RemovalRefused`, as `mark`.
    """
    with transaction.atomic():
        mark(user=user, by=user, now=now, caller=caller)
        sessions.end_others(user=user, keep=session, by=user, now=now, caller=caller)
        telling.tell(user=user, what="user-deletion", now=now, who=user.email)


def take_back(*, user: User, by: User | None, now: datetime, caller: Caller = NOBODY) -> bool:
    """Keep an account that was marked; False where it was not (any more), and where somebody
    else marked it than the owner who asks."""
    with transaction.atomic():
        # Not one whose time has come: a worker may be at it.
        marked = User.objects.filter(pk=user.pk, delete_after__gt=now)
        if by is not None and by.pk == user.pk:
            marked = marked.filter(delete_marked_by="")
        if not marked.update(delete_after=None, delete_marked_by=""):
            return False
        audit.record("user-kept", now=now, actor=by, subject=user, caller=caller)
    user.delete_after, user.delete_marked_by = None, ""
    return True


def purge_due(*, now: datetime, limit: int = 20) -> int:
    """Delete the accounts whose time has come, the longest waiting first; how many are gone.

    Killed on the way, it goes on from there the next time. Twice at once is harmless.
    """
    due = _due(now).order_by("delete_after").select_related("domain")
    return sum(_purge(user, now) for user in due[:limit])


def is_due(*, now: datetime) -> bool:
    """Whether the time of anybody who is still here has come."""
    return _due(now).exists()


def _due(now: datetime) -> QuerySet[User]:
    return User.objects.filter(delete_after__lte=now)


def _purge(user: User, now: datetime) -> bool:
    exports.remove_all(user)
    removal.remove_mail(user)
    grants.withdraw_all(user)
    try:
        return _delete(user, now)
    except ProtectedError:
        # Mail came in between; the next round removes it first.
        log.warning("user %s is deleted at the next round", user.pk)
        return False


@transaction.atomic
def _delete(user: User, now: datetime) -> bool:
    # Asked again with the row held: of two workers, one writes the line.
    held = User.objects.select_for_update(of=("self",)).select_related("domain")
    row = held.filter(pk=user.pk, delete_after__lte=now).first()
    if row is None:
        return False
    sessions.end_others(user=row, keep=None, by=None, now=now)
    audit.record("user-deleted", now=now, actor=None, subject=row)
    row.delete()
    return True


def _marked_by(user: User, by: User | None) -> str:
    """What `User.delete_marked_by` says: the address of who asks, "" for its owner."""
    if by is None:
        return OPERATOR
    return "" if by.pk == user.pk else by.email


def _refuse_last(user: User) -> None:
    if not user.is_system_admin:
        return
    # The rows of all of them are held, so that two who go at once do not both see the other.
    wanted = User.objects.filter(role=Role.SYSTEM_ADMIN, is_active=True, delete_after=None)
    held = list(wanted.select_for_update().order_by("pk"))
    if not any(one.pk != user.pk for one in held):
        raise RemovalRefused(
            _(
                "You are the last system administrator. Give somebody else that role first, so "
                "that this installation can be looked after."
            )
        )
