"""The backup e-mail address: given, confirmed by a link in a mail, changed, removed (A162-A166).

A confirmed address stays in force until its successor is confirmed too: whoever mistypes a new one
does not lose the way back in. The successor stands in the link that was sent to it meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from accounts.callers import NOBODY, Caller
from accounts.models import Domain, MailedLink, Purpose, User
from accounts.services import audit, links, system_mail, telling, tries

HOUR: Final = 3600
#: Mails of confirmation one person may have sent in an hour, whatever the addresses.
PER_HOUR: Final = 5
_TOLD: Final = gettext_lazy("The backup address of %(address)s")


class BackupRefused(Exception):
    """An address cannot be the backup address; ``str()`` may be shown at its field."""


def check(user: User, address: str, own: Collection[str] = ()) -> str:
    """The address as it is stored; ``own`` are addresses whose mail comes here, in lower case.

    Raises:
        BackupRefused: it is no address, or one that cannot be read by whoever is locked out.
    """
    address = address.strip()
    try:
        validate_email(address)
    except ValidationError:
        raise BackupRefused(_("Enter an email address, such as name@example.org.")) from None
    local, _sign, host = address.rpartition("@")
    address = f"{local}@{_ascii(host)}"
    if address.lower() == user.email:
        raise BackupRefused(
            _(
                "This is the address of this account itself. A link sent there could not be read "
                "by somebody who cannot sign in."
            )
        )
    if Domain.objects.filter(name=_ascii(host)).exists():
        raise BackupRefused(
            _(
                "Mail to %(domain)s is kept in this very installation. Give an address at another "
                "provider, so that you can read it when you cannot sign in here."
            )
            % {"domain": host}
        )
    if address.lower() in own:
        raise BackupRefused(
            _(
                "You write from this address here, and its mail may come here. Give one that you "
                "read elsewhere, so that you can reach it when you cannot sign in."
            )
        )
    return address


def pending(user: User, now: datetime) -> str:
    """The address that waits for its link to be followed; "" where none does."""
    if user.backup_address and not user.backup_confirmed_at:
        return user.backup_address
    sent = _sent(user, now)
    return sent.address if sent else ""


def has_open_link(user: User, now: datetime) -> bool:
    """Whether a link that was sent is still good."""
    return _sent(user, now) is not None


@sensitive_variables("token", "link")
def ask(*, user: User, address: str, site: str, now: datetime, caller: Caller = NOBODY) -> None:
    """Send a link to an address that was checked; it is in force once the link is followed.

    Whoever reads the confirmed address of now is told. ``site`` is where we are reached, without
    a path.

    Raises:
        BackupRefused: too many such mails were sent lately.
    """
    if not tries.allow("backup-mail", str(user.pk), limit=PER_HOUR, seconds=HOUR, now=now):
        raise BackupRefused(
            _("We have sent several messages in the last hour. You can ask for another one later.")
        )
    with transaction.atomic():
        before = user.backup_address
        is_new = address not in (before, pending(user, now))
        if not user.backup_confirmed_at:
            user.backup_address = address
            user.save(update_fields=["backup_address"])
        token = links.make(user, Purpose.BACKUP, address, now)
        link = f"{site.rstrip('/')}{reverse('backup-link', args=[token])}"
        _write(user, address, now, link=link)
        if is_new:
            audit.record(
                "backup-changed",
                now=now,
                actor=user,
                subject=user,
                caller=caller,
                detail={"asked_for": address},
            )
            if user.backup_confirmed_at:
                _write(user, before, now, successor=address)


def confirm(*, link: MailedLink, now: datetime, caller: Caller = NOBODY) -> bool:
    """The link was followed: its address is in force. False where it is used or over meanwhile."""
    with transaction.atomic():
        if not links.use(link, now):
            return False
        user = User.objects.get(pk=link.user_id)
        before = user.backup_address if user.backup_confirmed_at else ""
        user.backup_address, user.backup_confirmed_at = link.address, now
        user.save(update_fields=["backup_address", "backup_confirmed_at"])
        # A link to the address of before opens nothing any more.
        links.end_all(user, Purpose.PASSWORD, now)
        audit.record(
            "backup-confirmed",
            now=now,
            actor=user,
            subject=user,
            caller=caller,
            detail={"address": link.address},
        )
        # In the app in any case: who had none hears of it nowhere else.
        telling.in_app(user=user, what="backup-confirmed", now=now, url=reverse("settings-account"))
        if before and before != link.address:
            telling.tell_by_mail("backup-confirmed", user=user, now=now, caller=caller, to=before)
    return True


def forget(*, user: User, now: datetime, caller: Caller = NOBODY) -> None:
    """Remove the address and end its link; who reads a confirmed one is told."""
    with transaction.atomic():
        links.end_every(user, now)
        before, was_confirmed = user.backup_address, user.backup_confirmed_at is not None
        user.backup_address, user.backup_confirmed_at = "", None
        user.save(update_fields=["backup_address", "backup_confirmed_at"])
        if not before:
            return
        audit.record(
            "backup-changed",
            now=now,
            actor=user,
            subject=user,
            caller=caller,
            detail={"removed": before},
        )
        if was_confirmed:
            _write(user, before, now)


def drop_pending(*, user: User, now: datetime) -> None:
    """Give up a successor that was not confirmed; the address in force stays."""
    links.end_all(user, Purpose.BACKUP, now)


def _sent(user: User, now: datetime) -> MailedLink | None:
    rows = MailedLink.objects.filter(user=user, purpose=Purpose.BACKUP, used_at=None)
    return rows.filter(expires_at__gt=now).order_by("-pk").first()


@sensitive_variables("link", "body")
def _write(user: User, to: str, now: datetime, *, link: str = "", successor: str = "") -> None:
    with translation.override(user.language):
        said = {"person": user, "link": link, "successor": successor}
        body = render_to_string("accounts/backup_mail.txt", said)
        subject = _("Confirm this address for %(address)s") if link else _TOLD
        system_mail.queue(
            to=to,
            subject=str(subject) % {"address": user.email},
            body=body.strip() + "\n",
            now=now,
            user=user,
            expires_at=now + links.VALID_FOR if link else None,
        )


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return host.lower()
