"""A person's own password."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts.callers import NOBODY, Caller
from accounts.models import User
from accounts.services import audit, ending, links, telling
from accounts.services.ending import Ended, Kept
from accounts.services.second_factor import SECURITY


@sensitive_variables("password")
def change(
    *,
    user: User,
    password: str,
    keep: Kept,
    now: datetime,
    caller: Caller = NOBODY,
) -> Ended:
    """Store a password its owner chose; the caller has checked it. What is not kept ends."""
    with transaction.atomic():
        user.set_password(password)
        user.password_changed_at, user.password_is_given = now, False
        user.save(update_fields=["password", "password_changed_at", "password_is_given"])
        ended = ending.end_others(user, keep)
        links.end_every(user, now)
        audit.record(
            "password-changed",
            now=now,
            actor=user,
            subject=user,
            caller=caller,
            detail={"sessions_ended": ended.sessions, "app_passwords_ended": ended.programs},
        )
        telling.tell(user=user, what="password-changed", now=now, url=SECURITY)
    return ended
