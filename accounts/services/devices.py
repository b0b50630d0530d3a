"""Sign-ins from devices that were not seen before, and telling their people of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts import addresses, clients
from accounts.callers import Caller
from accounts.models import Outcome, Protocol, SignIn, User, UserSession
from accounts.services import system_mail
from accounts.zones import zone_of

# A session this young may be the one this sign-in begins.
_JUST_NOW = timedelta(minutes=1)
_MOST = 200


def is_new(user: User, protocol: Protocol, caller: Caller, *, now: datetime) -> bool:
    """Whether neither a sign-in nor a session of this person came from this program there.

    There is the network: an IPv4 address or an IPv6 /64. A mail program is known wherever it is,
    as it has a password of its own and no cookie, and homes get another address every day. The
    first sign-in ever is not new, nor is the first since sign-ins are compared (`learn`): there
    is nothing to compare it with.
    """
    if user.devices_known_at is None:
        return False
    program, network = clients.kind(caller.client), addresses.network(caller.address)
    return not any(
        program == clients.kind(client)
        and (protocol != Protocol.WEBMAIL or addresses.network(address or "") == network)
        for client, address in _seen(user, protocol, now)
    )


def learn(user: User, *, now: datetime) -> None:
    """From this sign-in on there is something to compare with."""
    if user.devices_known_at is None:
        user.devices_known_at = now
        User.objects.filter(pk=user.pk, devices_known_at=None).update(devices_known_at=now)


def tell(user: User, caller: Caller, *, now: datetime) -> None:
    """Tell this person of such a sign-in, in the caller's transaction.

    In the app, and by mail to the backup address if that is confirmed. Not into the own Inbox: who
    is in there could take it away.
    """
    where = ", ".join(one for one in (caller.client, caller.place, caller.address) if one)
    url = reverse("connectivity-ips")
    import_string(settings.ACCOUNT_NEWS)(
        user=user, what="new-device", now=now, who=where, url=url, mail=False
    )
    if user.backup_address and user.backup_confirmed_at:
        with translation.override(user.language), timezone.override(zone_of(user.time_zone)):
            _mail(user, where, url, now)


def _mail(user: User, where: str, url: str, now: datetime) -> None:
    when = date_format(timezone.localtime(now), "DATETIME_FORMAT")
    site = settings.SITE_URL.rstrip("/")
    lines = [
        _("Somebody signed in to %(email)s from a device not seen before:") % {"email": user.email},
        f"{where}\n{when}".strip(),
        _(
            "If it was you, there is nothing to do. If it was not, choose a new password at once "
            "and sign out everywhere under Settings, Security, and tell your administrator."
        ),
        f"{site}{url}" if site else "",
    ]
    system_mail.queue(
        to=user.backup_address,
        subject=_("New sign-in to %(email)s") % {"email": user.email},
        body="\n\n".join(line for line in lines if line) + "\n",
        now=now,
        user=user,
    )


def _seen(user: User, protocol: Protocol, now: datetime) -> Iterable[tuple[str, str | None]]:
    sign_ins = SignIn.objects.filter(user=user, protocol=protocol, outcome=Outcome.IN)
    yield from sign_ins.order_by().values_list("client", "address").distinct()[:_MOST]
    if protocol == Protocol.WEBMAIL:
        sessions = UserSession.objects.filter(user=user, started_at__lt=now - _JUST_NOW)
        yield from sessions.order_by().values_list("client", "address")[:_MOST]
