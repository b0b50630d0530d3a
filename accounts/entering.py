"""From a right password or passkey to a session: with the second step between, where there is one.

What is known of somebody between the steps waits in the session, under a key of its own, for ten
minutes; nobody is signed in by it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import login, logout, update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url

from accounts import arriving, devices, reauthentication
from accounts.callers import caller_of
from accounts.models import Protocol, User
from accounts.services import people, sessions, sign_ins

_WAITING: Final = "second-step"
_WAITS: Final = 600
_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"
#: In the session, in seconds since 1970: when it began, and when it was last noted as used.
SINCE: Final = "since"
SEEN: Final = "seen"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was said on the sign-in page, to be done once somebody is in."""

    remember: bool = False
    time_zone: str = ""
    language: str = ""
    onward: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody whose password was right."""

    user: User
    wishes: Wishes


def wait(request: HttpRequest, user: User, wishes: Wishes, now: datetime) -> None:
    """Remember whose password was right, for the second step."""
    request.session.flush()
    request.session[_WAITING] = {
        "user": user.pk,
        # A password changed meanwhile was somebody else's.
        "hash": user.get_session_auth_hash(),
        "at": int(now.timestamp()),
        "wishes": asdict(wishes),
    }
    request.session.set_expiry(_WAITS)


def waiting(request: HttpRequest, now: datetime) -> Waiting | None:
    """Who is between the steps in this browser, if anybody still is."""
    kept: Any = request.session.get(_WAITING)
    if not kept or not 0 <= now.timestamp() - kept["at"] + 60 <= _WAITS + 60:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or user.get_session_auth_hash() != kept["hash"]:
        return None
    return Waiting(user, Wishes(**kept["wishes"]))


def enter(request: HttpRequest, user: User, wishes: Wishes, now: datetime) -> HttpResponse:
    """Sign in: a session with a new key, noted as this person's, on this device; and onward."""
    is_first_time = user.last_login is None
    request.session.flush()
    login(request, user, backend=_BACKEND)
    session, stamp = request.session, int(now.timestamp())
    session[SINCE] = session[SEEN] = stamp
    reauthentication.mark(request, now)
    if not wishes.remember:
        session.set_expiry(0)
    caller = caller_of(request)
    known = devices.knows(request, user)
    sign_ins.record(user=user, protocol=Protocol.WEBMAIL, caller=caller, now=now, known=known)
    sessions.begin(user=user, key=session.session_key or "", caller=caller, now=now)
    if is_first_time:
        people.adopt_time_zone(user, wishes.time_zone)
        people.adopt_language(user, wishes.language)
    onward = wishes.onward or resolve_url(settings.LOGIN_REDIRECT_URL)
    answer = redirect(arriving.page_for(request, user, onward))
    devices.remember(request, answer, user)
    return answer


def goes_on(request: HttpRequest, user: User, now: datetime) -> bool:
    """Whether a session is not too old; notes its use, every ten minutes.

    Only what the session itself tells is read: an ordinary request costs no statement more.
    """
    session = request.session
    since = session.get(SINCE)
    if since is None:  # not of our making: a test's
        return True
    stamp = int(now.timestamp())
    if stamp - since > sessions.LONGEST.total_seconds():
        sessions.forget(session.session_key or "")
        logout(request)
        return False
    if not 0 <= stamp - session[SEEN] < sessions.SEEN_EVERY.total_seconds():
        session[SEEN] = stamp
        sessions.see(user=user, key=session.session_key or "", caller=caller_of(request), now=now)
    return True


def renew(request: HttpRequest, user: User) -> None:
    """Go on in this session after a new password, under a new key."""
    old = request.session.session_key
    update_session_auth_hash(request, user)
    sessions.follow(old=old or "", new=request.session.session_key or "")


def turn(request: HttpRequest) -> None:
    """Go on in this session under a new key, after a proof of who is there: whoever knew the old
    one does not share in it (OWASP ASVS 7.2.4)."""
    old = request.session.session_key
    with transaction.atomic():  # or housekeeping could find the note of a session that is gone
        request.session.cycle_key()
        sessions.follow(old=old or "", new=request.session.session_key or "")


def leave(request: HttpRequest) -> None:
    """The session is about to be ended by its owner."""
    sessions.forget(request.session.session_key or "")
