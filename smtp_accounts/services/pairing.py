"""The sending half of an account that mail is retrieved from: same address, same secret."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from connectivity.causes import explain
from connectivity.models import Credential, Feature
from connectivity.pairing import SendTest
from connectivity.providers import Server
from connectivity.services import features
from connectivity.services.probing import probe
from protocols.types import Login
from smtp_accounts import retry
from smtp_accounts.models import Encryption, SmtpAccount
from smtp_accounts.services import accounts
from smtp_accounts.services.accounts import AccountValues

SIGN_IN = (*retry.AUTH_CAUSES, "credential-unreadable", "token-expired", "oauth-revoked")


def is_offered(*, user: User, address: str) -> bool:
    """Whether the user may send through accounts, and has none for the address."""
    if not features.enabled_for(user, Feature.SMTP_ACCOUNTS):
        return False
    return not SmtpAccount.objects.filter(user=user, email__iexact=address).exists()


@sensitive_variables("login")
def check(
    *, user: User, address: str, server: Server, login: Login, now: datetime, seconds: float
) -> SendTest:
    """Offer the address as a sender. The test it belongs to is counted; this one is not."""
    values = _values(user, address, server, login.username, password=login.password)
    problem = accounts.refusal(user, values)
    if problem is not None:
        return SendTest(None, problem)
    report = probe(
        "smtp", accounts.endpoint(values), login, sender=address, user=user, seconds=seconds
    )
    if report.error is None:
        return SendTest(report, None)
    return SendTest(
        report, explain(report.error, host=server.host, port=server.port, protocol="smtp")
    )


def add(
    *,
    user: User,
    address: str,
    server: Server,
    username: str,
    credential: Credential,
    now: datetime,
) -> SmtpAccount:
    """Make the account. Inside the caller's transaction."""
    values = _values(user, address, server, username, credential=credential)
    return accounts.store(user, values, None, now)


def mended(*, credential: Credential, replaces: Credential, now: datetime) -> None:
    """Give the accounts that had ``replaces`` the new secret, and send what waited for it.

    Also with one secret as both: it was refused somewhere else, too, and is taken there again.
    """
    if replaces != credential:
        SmtpAccount.objects.filter(credential=replaces).update(credential=credential)
    refused = Q(cause__in=SIGN_IN) | Q(refused_since__isnull=False)
    waiting = list(SmtpAccount.objects.filter(refused, credential=credential))
    if waiting:
        SmtpAccount.objects.filter(pk__in=[one.pk for one in waiting]).update(**accounts.MENDED)
        accounts.wake(waiting, now)


def senders(*, credentials: Collection[UUID]) -> dict[UUID, list[str]]:
    """The addresses that are sent from with these secrets."""
    found: dict[UUID, list[str]] = {}
    rows = SmtpAccount.objects.filter(credential__in=credentials).order_by("email", "pk")
    for credential, email in rows.values_list("credential_id", "email"):
        if credential is not None:
            found.setdefault(credential, []).append(email)
    return found


def _values(
    user: User,
    address: str,
    server: Server,
    username: str,
    *,
    password: str = "",
    credential: Credential | None = None,
) -> AccountValues:
    return AccountValues(
        display_name=user.display_name,
        host=server.host,
        port=server.port,
        encryption=Encryption.TLS if server.starttls else Encryption.SSL,
        email=address,
        use_authentication=True,
        username=username,
        password=password,
        credential=credential,
    )
