"""What is over and nobody needs any more: removed once an hour, told in one line of the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.db.models import Model, QuerySet

from accounts.models import SystemMessage
from accounts.services import captchas, links, recovery, sessions, sign_ins, tries

log = logging.getLogger(__name__)

#: Failed sign-ins count for a quarter of an hour; these rows name people and networks.
ATTEMPTS_KEPT: Final = timedelta(days=1)
#: System mail that left or was given up; its text is emptied by then.
MAIL_KEPT: Final = timedelta(days=30)


def tidy(*, now: datetime) -> dict[str, int]:
    """Remove it; how many rows of each kind. What fails is logged and keeps nothing else waiting.

    Running twice at once harms nothing.
    """
    gone = {}
    for what, remove in _STEPS.items():
        try:
            gone[what] = remove(now=now)
        except Exception:
            log.exception("housekeeping: %s could not be tidied", what)
    if any(gone.values()):
        said = ", ".join(f"{count} {what}" for what, count in gone.items() if count)
        log.info("housekeeping removed %s", said)
    return gone


def _over(*, now: datetime) -> int:
    return _gone(Session.objects.filter(expire_date__lt=now))


def _attempts(*, now: datetime) -> int:
    models = (AccessAttempt, AccessFailureLog, AccessLog)
    old = now - ATTEMPTS_KEPT
    return sum(_gone(model.objects.filter(attempt_time__lt=old)) for model in models)


def _mail(*, now: datetime) -> int:
    old, rows = now - MAIL_KEPT, SystemMessage.objects
    return _gone(rows.filter(sent_at__lt=old)) + _gone(rows.filter(failed_at__lt=old))


def _gone(rows: QuerySet[Model]) -> int:
    return rows.delete()[0]


_STEPS: Final[Mapping[str, Callable[..., int]]] = {
    "sign-ins": sign_ins.tidy,
    "counters of tries": tries.tidy,
    "requests for a new password": recovery.tidy,
    "mailed links": links.tidy,
    "captchas": captchas.tidy,
    # Sessions first: what is known of one goes when it is gone.
    "sessions": _over,
    "session notes": sessions.tidy,
    "failed sign-ins": _attempts,
    "system messages": _mail,
}
