"""Where somebody is signed in. Django's sessions say what is in one; these rows say whose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.callers import NOBODY, Caller
from accounts.models import User, UserSession
from accounts.services import audit, sign_ins

#: However much it is used, a session ends then.
LONGEST: Final = timedelta(days=90)
#: `UserSession.seen_at` is this old at most while somebody is at work.
SEEN_EVERY: Final = timedelta(minutes=10)


def begin(*, user: User, key: str, caller: Caller, now: datetime) -> UserSession:
    """Note a session that has just begun."""
    return UserSession.objects.create(
        user=user,
        key=key,
        client=caller.client,
        address=caller.address or None,
        place=caller.place,
        started_at=now,
        seen_at=now,
    )


def see(*, user: User, key: str, caller: Caller, now: datetime) -> None:
    """Note that a session is used, and where it is by now."""
    row = UserSession.objects.filter(key=key).first()
    if row is None:
        return
    sign_ins.record_use(
        user=user, caller=caller, seen=row.seen_at, address=row.address or "", now=now
    )
    row.seen_at, row.client, row.place = now, caller.client, caller.place
    row.address = caller.address or None
    row.save(update_fields=["seen_at", "client", "place", "address"])


def follow(*, old: str, new: str) -> None:
    """A session has a new key."""
    UserSession.objects.filter(key=old).update(key=new)


def of(user: User, *, now: datetime) -> QuerySet[UserSession]:
    """The sessions that are still good, the last used first."""
    alive = Session.objects.filter(session_key=OuterRef("key"), expire_date__gt=now)
    return user.signed_in.filter(Exists(alive), started_at__gt=now - LONGEST)


def end(*, session: UserSession, now: datetime, caller: Caller = NOBODY) -> None:
    """Sign one browser out, wherever it is."""
    with transaction.atomic():
        _drop([session.key])
        user, detail = session.user, {"client": session.client, "address": session.address}
        audit.record(
            "session-ended", now=now, actor=user, subject=user, caller=caller, detail=detail
        )


def end_others(
    *, user: User, keep: str | None, by: User | None, now: datetime, caller: Caller = NOBODY
) -> int:
    """Sign everything out but the session with the key ``keep``; how many there were.

    ``by``: who wants it; None for an operator's command.
    """
    with transaction.atomic():
        keys = list(user.signed_in.exclude(key=keep or "").values_list("key", flat=True))
        _drop(keys)
        if keys:
            detail = {"sessions": len(keys)}
            audit.record(
                "sessions-ended", now=now, actor=by, subject=user, caller=caller, detail=detail
            )
    return len(keys)


def forget(key: str) -> None:
    """The session was ended by its owner, or by its age."""
    UserSession.objects.filter(key=key).delete()


def tidy(*, now: datetime) -> int:
    """Remove what is over: sessions past their longest, and rows of sessions that are gone."""
    too_old = UserSession.objects.filter(started_at__lte=now - LONGEST)
    _drop(list(too_old.values_list("key", flat=True)))
    alive = Session.objects.filter(session_key=OuterRef("key"), expire_date__gt=now)
    return UserSession.objects.exclude(Exists(alive)).delete()[0]


def _drop(keys: Sequence[str]) -> None:
    for at in range(0, len(keys), 500):
        some = keys[at : at + 500]
        Session.objects.filter(session_key__in=some).delete()
        UserSession.objects.filter(key__in=some).delete()
