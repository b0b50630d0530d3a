"""The backup address as an administrator gives it."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import backup, system_mail


def checked(address: str, *, account: str) -> str:
    """The address as it is stored, by the rules everybody's has; "" for none.

    Raises ValidationError for what is none, and for one that who is locked out could not read.
    """
    if not address.strip():
        return ""
    try:
        return backup.check(User(email=account.strip().lower()), address)
    except backup.BackupRefused as refused:
        raise ValidationError({"backup_address": str(refused)}) from None


def tell_old(*, user: User, old: str, who: str, now: datetime) -> None:
    """Write to the address that was the way back until now."""
    with translation.override(user.language):
        values = {"account": user.email, "who": who}
        body = _(
            "%(who)s changed the backup address of %(account)s. New links to choose a password "
            "no longer come to this address.\n\n"
            "If you did not expect this, ask your administrator."
        )
        system_mail.queue(
            to=old,
            subject=_("The backup address of %(account)s was changed") % values,
            body=body % values + "\n",
            now=now,
            user=user,
        )
