"""A person is told what happened to their account, on every way that reaches them."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.audit_words import WORDS
from accounts.callers import NOBODY, Caller
from accounts.models import User
from accounts.services import system_mail
from accounts.zones import zone_of


def tell(
    *,
    user: User,
    what: str,
    now: datetime,
    who: str = "",
    url: str = "",
    to: str = "",
    caller: Caller = NOBODY,
) -> None:
    """Tell ``user`` that ``what`` was done, in the caller's transaction.

    In the app and in the Inbox (`connectivity.services.account_news`), and by mail to the
    confirmed backup address: whoever has taken over the mailbox can hide the first two.

    Args:
        user: the person concerned.
        what: a key of `connectivity.account_words`, which are those of the audit log.
        now: when it was done.
        who: who did it, where that is somebody else.
        url: where more is to be seen, a path of this site.
        to: write there instead of to the backup address of now.
        caller: from where it was done, for the mail; leave it out where that was not the person.
    """
    in_app(user=user, what=what, now=now, who=who, url=url)
    with translation.override(user.language):
        said = import_string(settings.ACCOUNT_NEWS_WORDS)(what, who)
    tell_by_mail(what, user=user, now=now, caller=caller, to=to, said=said)


def in_app(*, user: User, what: str, now: datetime, who: str = "", url: str = "") -> None:
    """The part of `tell` that stays inside: a notice, and a line in the Inbox."""
    import_string(settings.ACCOUNT_NEWS)(user=user, what=what, now=now, who=who, url=url)


def tell_by_mail(
    action: str,
    *,
    user: User,
    now: datetime,
    caller: Caller = NOBODY,
    to: str = "",
    said: str = "",
) -> None:
    """Queue a line about what was done, if this person has a confirmed backup address.

    ``action`` is one of `accounts.audit_words`, ``said`` stands in place of its words; inside
    the caller's transaction. ``to``: write there instead.
    """
    to = to or (user.backup_address if user.backup_confirmed_at else "")
    if not to:
        return
    with translation.override(user.language), timezone.override(zone_of(user.time_zone)):
        when = date_format(timezone.localtime(now), "DATETIME_FORMAT")
        where = ", ".join(one for one in (caller.client, caller.place, caller.address) if one)
        lines = [
            _("Something was changed in your account %(email)s:") % {"email": user.email},
            f"{said or WORDS[action]}\n{when}\n{where}".strip(),
            _(
                "If you expected this, there is nothing to do. If not, choose a new password at "
                "once, sign out everywhere under Settings, Security, and tell your administrator."
            ),
        ]
        system_mail.queue(
            to=to,
            subject=_("Your account %(email)s was changed") % {"email": user.email},
            body="\n\n".join(lines) + "\n",
            now=now,
            user=user,
        )
