"""Telling a person what happened to their account: in the app and in their Inbox, once each."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from accounts.models import User
from connectivity.account_words import ACCOUNT
from connectivity.models import Notification


def tell(
    *, user: User, what: str, now: datetime, who: str = "", url: str = "", mail: bool = True
) -> None:
    """Tell ``user`` that ``what`` was done, in the caller's transaction.

    Args:
        user: the person concerned.
        what: a key of `connectivity.account_words`, which are those of the audit log.
        now: when it was done.
        who: who did it, as the person knows them: an address; empty where that is nobody else.
        url: where more is to be seen, a path of this site.
        mail: whether a message about it is filed into the Inbox as well. Such mail comes whatever
            the person chose about mail of failing accounts: it is for their safety.
    """
    Notification.objects.create(
        user=user,
        key=f"account:{uuid4().hex}",
        kind=ACCOUNT,
        label=who[:320],
        url=url,
        cause=what,
        since=now,
        at=now,
        mail_at=now if mail else None,
    )
