"""Back in after a forgotten password (A160-A168).

A request only leaves a row: who is asked for, and whether there is such a person, is looked at by
a worker later, so that neither what is answered nor how long it takes tells anything.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from enum import StrEnum

from axes.utils import reset as lift_lock
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts.callers import Caller
from accounts.models import MailedLink, Purpose, RecoveryRequest, User
from accounts.services import audit, ending, links, system_mail, telling, tries

log = logging.getLogger(__name__)

HOUR = 3600
PER_ADDRESS, PER_NETWORK, IN_ALL = 3, 10, 200
KEPT_FOR = timedelta(days=3)
#: What waited for longer, because no worker ran, is no longer what somebody waits for.
LATEST = timedelta(hours=12)
BATCH = 200


class Verdict(StrEnum):
    """What becomes of a request. What is due to its address is never told."""

    TAKEN = "taken"
    NETWORK_FULL = "network-full"
    ALL_FULL = "all-full"


def ask(*, address: str, network: str, host: str, language: str, now: datetime) -> Verdict:
    """Somebody says that they forgot the password of ``address``; no person is looked up.

    ``host`` is a name this site is known to be reached by, for the link; "" where only SITE_URL
    may say that. The caller nudges the worker after the commit.
    """
    if not tries.allow("recovery-network", network, limit=PER_NETWORK, seconds=HOUR, now=now):
        return Verdict.NETWORK_FULL
    if not tries.allow("recovery-all", "", limit=IN_ALL, seconds=HOUR, now=now):
        return Verdict.ALL_FULL
    address = address.strip().lower()
    if tries.allow("recovery-address", address, limit=PER_ADDRESS, seconds=HOUR, now=now):
        RecoveryRequest.objects.create(
            address=address, network=network, host=host, language=language, made_at=now
        )
    return Verdict.TAKEN


def work_off(*, now: datetime) -> int:
    """Look at what was asked for and queue mail to whom it is due; how many messages.

    Each request is done in the transaction that queues its mail: two workers write one message,
    and a worker that dies leaves the request to the next.
    """
    waiting = RecoveryRequest.objects.filter(done_at=None).order_by("pk")
    return sum(_work_off(row, now) for row in waiting[:BATCH])


def _work_off(row: RecoveryRequest, now: datetime) -> bool:
    with transaction.atomic():
        if not RecoveryRequest.objects.filter(pk=row.pk, done_at=None).update(done_at=now):
            return False
        user = _reachable(row.address)
        if user is None or row.made_at < now - LATEST:
            return False
        return _write(user, row, now)


def _reachable(address: str) -> User | None:
    """Whom a link may be sent to: somebody who may sign in and has confirmed a backup address."""
    known = User.objects.filter(email=address, is_active=True, backup_confirmed_at__isnull=False)
    return known.exclude(backup_address="").select_related("domain").first()


@sensitive_variables("token", "link", "body")
def _write(user: User, row: RecoveryRequest, now: datetime) -> bool:
    site = _site(row.host)
    if not site:
        log.error("no link for a new password can be made: set SITE_URL")
        return False
    token = links.make(user, Purpose.PASSWORD, user.backup_address, now)
    link = site + reverse("recovery-link", args=[token])
    with translation.override(user.language):
        body = render_to_string("accounts/recovery_mail.txt", {"person": user, "link": link})
        system_mail.queue(
            to=user.backup_address,
            subject=_("A new password for %(address)s") % {"address": user.email},
            body=body.strip() + "\n",
            now=now,
            user=user,
            expires_at=now + links.VALID_FOR,
        )
    caller = Caller(address=row.network)
    audit.record("recovery-asked", now=now, actor=None, subject=user, caller=caller)
    return True


def _site(host: str) -> str:
    if settings.SITE_URL:
        return str(settings.SITE_URL).rstrip("/")
    return f"{'https' if settings.HTTPS else 'http'}://{host}" if host else ""


@sensitive_variables("password")
def choose(
    *,
    link: MailedLink,
    password: str,
    keep: ending.Kept,
    caller: Caller,
    now: datetime,
) -> bool:
    """Give the person of the link a new password; False where the link was used meanwhile.

    Nobody is signed in by it, and a second step stays as it is. The lock that wrong passwords
    made is lifted: the person may come in by the new one at once. ``keep`` says which sessions
    and app passwords go on; all others end.
    """
    with transaction.atomic():
        if not links.use(link, now):
            return False
        user = (
            User.objects.select_for_update(of=("self",))
            .select_related("domain")
            .get(pk=link.user_id)
        )
        user.set_password(password)
        user.password_changed_at, user.password_is_given = now, False
        user.save(update_fields=["password", "password_changed_at", "password_is_given"])
        ended = ending.end_others(user, keep)
        links.end_every(user, now)
        audit.record(
            "password-recovered",
            now=now,
            actor=user,
            subject=user,
            caller=caller,
            detail={"sessions_ended": ended.sessions, "app_passwords_ended": ended.programs},
        )
        telling.tell(user=user, what="password-recovered", now=now, to=link.address, caller=caller)
        lift_lock(username=user.email)
    return True


def tidy(*, now: datetime) -> int:
    """Remove requests that were done some days ago; how many."""
    return RecoveryRequest.objects.filter(made_at__lt=now - KEPT_FOR).delete()[0]
