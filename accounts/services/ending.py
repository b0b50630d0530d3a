"""What ends with an old password: browsers that are signed in, and passwords of programs."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session

from accounts.models import AppPassword, User, UserSession
from accounts.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class Kept:
    """Ids of what goes on: rows of `UserSession` and of `AppPassword`."""

    sessions: frozenset[int] = frozenset()
    programs: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Ended:
    """How many of each ended."""

    sessions: int
    programs: int


def end_others(user: User, keep: Kept = Kept()) -> Ended:
    """End everything of this person but ``keep``, after a new password and in its transaction.

    A new password ends every session by itself: its hash stands in each of them. Those that are
    to go on get the new one.
    """
    sessions = UserSession.objects.filter(user=user)
    for row in sessions.filter(pk__in=keep.sessions):
        _renew(row.key, user)
    over = sessions.exclude(pk__in=keep.sessions)
    Session.objects.filter(session_key__in=list(over.values_list("key", flat=True))).delete()
    programs = AppPassword.objects.filter(user=user).exclude(pk__in=keep.programs)
    return Ended(over.delete()[0], programs.delete()[0])


def _renew(key: str, user: User) -> None:
    store = SessionStore(key)
    if HASH_SESSION_KEY in store:
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
        store.save()
