"""What a person is told about their accounts, once for each trouble, however many workers see it.

Callers say what they see at every attempt: `open_` while something fails, `resolve` when it
works. When that is shown and when a mail about it is due stands in the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet

from accounts.models import User
from connectivity.account_words import ACCOUNT
from connectivity.models import Notification
from connectivity.noticing import DAILY, LASTING, NEEDS_YOU, next_mail

KEPT = timedelta(days=30)
#: About so many troubles of one account a mail is written in a day.
STORIES = 2
_SHOWN = 50


def open_(
    *,
    user: User,
    key: str,
    kind: str,
    label: str,
    url: str,
    cause: str,
    params: Mapping[str, str | int],
    now: datetime,
    since: datetime | None = None,
    mail: bool = True,
) -> Notification:
    """There is trouble; the same one goes on where ``key`` has an open row already.

    One of a kind that needs the person is shown at once, any other after an hour of failure;
    a mail is due after an hour of either. One that begins to need the person is unread again.

    Args:
        user: whom to tell.
        key: names the trouble, such as ``retrieval:12``.
        kind: a key of ``connectivity.notices.KINDS``.
        label: what the account is called.
        url: where to mend it, a path of this site; empty: the page of the account in ``key``.
        cause: a cause id of ``connectivity.causes``.
        params: the values its sentence needs, never secret.
        now: when it was seen.
        since: when it began, where that is known; a trouble that is open already keeps its own.
        mail: whether a mail about it is written; not where one came already.
    """
    began = min(since or now, now)
    told: dict[str, Any] = {
        "kind": kind,
        "label": label,
        "url": url,
        "cause": cause,
        "params": dict(params),
    }
    new = told | {
        "since": began,
        "at": _visible(kind, began, now),
        # Asked for only where a row is made.
        "mail_at": partial(_first_mail, user, key, began) if mail else None,
    }
    row, created = Notification.objects.get_or_create(
        user=user, key=key, resolved_at=None, defaults=new
    )
    if created:
        return row
    open_rows = Notification.objects.filter(pk=row.pk, resolved_at=None)
    if kind in NEEDS_YOU:
        open_rows.exclude(kind__in=NEEDS_YOU).update(at=now, read_at=None)
    if any(getattr(row, name) != value for name, value in told.items()):
        open_rows.update(**told)
    row.refresh_from_db()
    return row


def _visible(kind: str, since: datetime, now: datetime) -> datetime:
    return now if kind in NEEDS_YOU else max(now, since + LASTING)


def _first_mail(user: User, key: str, since: datetime) -> datetime:
    """What begins again is told again, but an account that only flaps not more than twice a day."""
    lately = Notification.objects.filter(user=user, key=key, mailed_at__gt=since - DAILY)
    told = lately.aggregate(times=Count("pk"), last=Max("mailed_at"))
    due = since + LASTING
    return due if told["times"] < STORIES else max(due, told["last"] + DAILY)


def resolve(*, user: User, key: str, now: datetime) -> None:
    """It works again. What nobody saw is forgotten; who got a mail gets one more."""
    rows = Notification.objects.filter(user=user, key=key, resolved_at=None)
    rows.filter(at__gt=now, mailed_at=None).delete()
    rows.filter(mailed_at__isnull=False).update(resolved_at=now, mail_at=now)
    rows.update(resolved_at=now, mail_at=None)


def drop(*, user: User, key: str) -> None:
    """Nobody waits for it any more: the account was paused, deleted or switched off."""
    Notification.objects.filter(user=user, key=key, resolved_at=None).delete()


def recent(user: User, *, now: datetime) -> list[Notification]:
    """What to show, what is open first, then the newest."""
    rows = Notification.objects.filter(user=user, at__lte=now)
    open_first = F("resolved_at").desc(nulls_first=True)
    return list(rows.order_by(open_first, "-at", "-pk")[:_SHOWN])


def unread(user: User, *, now: datetime) -> int:
    """How many open ones the person has not seen yet."""
    return unread_rows(user, now=now).count()


def newest_unread(user: User, *, now: datetime) -> Notification | None:
    """The latest of those, for a toast."""
    return unread_rows(user, now=now).order_by("-at", "-pk").first()


def unread_rows(user: User, *, now: datetime) -> QuerySet[Notification]:
    """The open ones the person has not seen yet."""
    return Notification.objects.filter(user=user, at__lte=now, read_at=None, resolved_at=None)


def mark_read(user: User, *, now: datetime) -> None:
    """The person has seen all that is shown now."""
    shown = Notification.objects.filter(user=user, at__lte=now)
    shown.filter(kind=ACCOUNT, resolved_at=None).update(read_at=now, resolved_at=now)
    shown.filter(read_at=None).update(read_at=now)


def due(*, now: datetime, limit: int = 100) -> list[Notification]:
    """About which a mail is due, the longest waiting first."""
    rows = Notification.objects.filter(mail_at__lte=now).order_by("mail_at")
    return list(rows.select_related("user__domain")[:limit])


def claim_mail(row: Notification, *, now: datetime) -> bool:
    """Whether the mail about this row is the caller's to file, in the same transaction.

    Whoever comes second, or after the trouble ended, is told no.
    """
    later = _again(row, now)
    same = Q(pk=row.pk, mail_at=row.mail_at, resolved_at=row.resolved_at)
    return Notification.objects.filter(same).update(mailed_at=now, mail_at=later) == 1


def put_off_mail(row: Notification, *, now: datetime) -> None:
    """No mail about this row now: the person wants none. Asked again in a day, if it lasts."""
    Notification.objects.filter(pk=row.pk, mail_at=row.mail_at).update(mail_at=_again(row, now))


def _again(row: Notification, now: datetime) -> datetime | None:
    """When to write once more: what lasts, again; news and what is over, never."""
    is_said = row.resolved_at is not None or row.kind == ACCOUNT
    return None if is_said else next_mail(row.since, now)


def forget_old(*, now: datetime) -> None:
    """Remove what ended a month ago, and news nobody looked at since."""
    Notification.objects.filter(resolved_at__lt=now - KEPT, mail_at=None).delete()
    Notification.objects.filter(kind=ACCOUNT, at__lt=now - KEPT, mail_at=None).delete()
