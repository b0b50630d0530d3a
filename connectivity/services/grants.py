"""What people allowed at providers: kept, renewed by one worker at a time, withdrawn.

Renewing a rotating token twice at once loses the permission, so it is done under a lease on the
`OAuthGrant`; whoever comes second waits for the result.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from accounts.services import audit
from connectivity import catalogue, providers
from connectivity.models import Credential, CredentialKind, Feature, OAuthClient, OAuthGrant
from connectivity.oauth_providers import granted
from connectivity.services import authority, credentials, failures, features
from protocols.errors import MailServerError, OAuthRevoked, OAuthUnavailable, Stage

if TYPE_CHECKING:
    from protocols.oauth import Token

EARLY = timedelta(minutes=5)
# Longer than a service is given to answer, so that nobody takes over while it may still.
LEASE = timedelta(seconds=60)
PATIENCE = 20.0  # seconds to wait for another worker
PAUSE = timedelta(minutes=1)
# A token younger than this that a server refuses was not refused for its age.
YOUNG = timedelta(minutes=1)
# What no account has is withdrawn after this; until then a sign-in may be on its way to one.
SPARE = timedelta(minutes=15)
# Seconds for all permissions of somebody who leaves; one more answer may take its own time.
PARTING = 60.0
_LEASE_OVER = {"lease_until": None, "fence": F("fence") + 1}
_LOOK = 0.1  # seconds between looks at what another worker does
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The secret of a credential of kind OAUTH."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)


@sensitive_variables("token")
def store(
    *, user: User, client: OAuthClient, token: Token, address: str, now: datetime
) -> Credential:
    """Keep what a sign-in brought, as a new credential. Inside the caller's transaction."""
    credential = Credential(user=user, kind=CredentialKind.OAUTH, changed_at=now)
    _seal(credential, token)
    credential.save()
    OAuthGrant.objects.create(
        credential=credential,
        client=client,
        address=address[:320],
        scopes=" ".join(sorted(token.scopes)),
        access_until=now + timedelta(seconds=token.expires_in),
        refreshed_at=now,
    )
    audit.note("credential-saved", now=now, subject=user, detail={"provider": client.provider})
    return credential


def access(credential: Credential, *, now: datetime) -> str:
    """An access token that lasts for five minutes more, asked for anew where need be.

    Never inside a transaction: it may wait for a service.

    Raises:
        OAuthRevoked: the person has to sign in again.
        OAuthUnavailable: not now; with the cause "feature-off" it is switched off.
        CredentialError: what is stored does not open.
    """
    grant = _grant(credential)
    if not grant.client.enabled or not features.enabled_for(credential.user, Feature.OAUTH):
        raise OAuthUnavailable(Stage.LOGIN, "feature-off")
    end = time.monotonic() + PATIENCE
    while not _is_settled(grant, now):
        if fence := _claim(grant):
            return _renewed(grant, fence, now)
        if time.monotonic() > end:
            raise OAuthUnavailable(Stage.LOGIN, server_line="another renewal takes too long")
        time.sleep(_LOOK)
        grant = _grant(credential)
    return _tokens(grant.credential).access


def is_for(credential: Credential, host: str) -> bool:
    """Whether a token may be shown to a server: whoever has one reads all the mail.

    Of a sign-in service that the administrator named, nobody knows the mail servers. Raises
    `CredentialError`.
    """
    client = _grant(credential).client
    if client.token_url:
        return True
    known = providers.by_host(host)
    return known is not None and known.oauth == client.provider


def _grant(credential: Credential) -> OAuthGrant:
    """What is stored now, all of it read in one moment. Raises `CredentialError`."""
    rows = OAuthGrant.objects.select_related("client", "credential").filter(pk=credential.pk)
    found = rows.first()
    if found is None:
        raise credentials.CredentialError(f"{credential!r} holds no permission")
    return found


def _is_settled(grant: OAuthGrant, now: datetime) -> bool:
    """Whether the stored token is to be used as it is; raises where there is none to be had."""
    left = grant.access_until - now if grant.access_until else timedelta(0)
    if grant.dead_since is not None:
        raise OAuthRevoked(Stage.LOGIN, server_line=grant.server_line)
    if left > EARLY:
        return True
    if grant.retry_at is None or grant.retry_at <= now:
        return False
    if left > YOUNG:
        return True  # the service is not to be had, but what it gave last still works
    wait = (grant.retry_at - now).total_seconds()
    raise OAuthUnavailable(Stage.LOGIN, server_line=grant.server_line, retry_after=wait)


def _claim(grant: OAuthGrant) -> int:
    """Take the lease: the fence number, 0 where another worker has it."""
    free = OAuthGrant.objects.filter(pk=grant.pk)
    free = free.filter(Q(lease_until=None) | Q(lease_until__lt=Now()))
    # The number goes on at the beginning and at the end of a renewal, so as long as it is the one
    # that was read, so is the token: one that was used already would lose the permission.
    taken = free.filter(fence=grant.fence).update(fence=F("fence") + 1, lease_until=Now() + LEASE)
    return grant.fence + 1 if taken else 0


@sensitive_variables()
def _renewed(grant: OAuthGrant, fence: int, now: datetime) -> str:
    try:
        before = _tokens(grant.credential)
        if not before.refresh:
            raise OAuthRevoked(Stage.LOGIN, server_line="the service gave no refresh token")
        token = authority.refresh(grant.client, refresh_token=before.refresh)
        known = authority.provider_of(grant.client)
        if not any(granted(known, token.scopes, kind) for kind in known.permissions):
            line = "the permission to read mail was not given"
            raise OAuthRevoked(Stage.LOGIN, server_line=line)
    except MailServerError as error:
        _failed(grant, fence, error, now)
        raise
    except BaseException:
        OAuthGrant.objects.filter(pk=grant.pk, fence=fence).update(**_LEASE_OVER)
        raise
    for last in (False, False, True):
        try:
            _keep(grant, fence, token, now)
            break
        except OperationalError:
            # What is stored is worth nothing by now, so a busy database must not cost the new one.
            if last:
                raise
            time.sleep(_LOOK)
    return token.access


@sensitive_variables("token")
def _keep(grant: OAuthGrant, fence: int, token: Token, now: datetime) -> None:
    """Write a renewed token down. Its predecessor may be worth nothing from now on."""
    credential = grant.credential
    _seal(credential, token)
    fields = {"scopes": " ".join(sorted(token.scopes))} if token.scopes else {}
    with transaction.atomic():
        mine = OAuthGrant.objects.filter(pk=grant.pk, fence=fence).update(
            access_until=now + timedelta(seconds=token.expires_in),
            refreshed_at=now,
            retry_at=None,
            cause="",
            server_line="",
            **_LEASE_OVER,
            **fields,
        )
        # Whoever has the lease by now writes a later one.
        if mine:
            row = Credential.objects.filter(pk=credential.pk, kind=CredentialKind.OAUTH)
            row.update(key_id=credential.key_id, token=credential.token)
        else:
            log.warning("%r: the renewal took longer than its lease", credential)


def _failed(grant: OAuthGrant, fence: int, error: MailServerError, now: datetime) -> None:
    """Remember why, so that nobody asks again too soon, or at all."""
    cause = catalogue.read("oauth", error)
    failures.note("oauth", error, now=now)
    mine = OAuthGrant.objects.filter(pk=grant.pk, fence=fence)
    changes = {"cause": cause, "server_line": error.server_line, **_LEASE_OVER}
    if isinstance(error, OAuthRevoked):
        mine.update(dead_since=now, **changes)
    else:
        wait = max(timedelta(seconds=error.retry_after or 0), PAUSE)
        mine.update(retry_at=now + wait, **changes)


def refused(credential: Credential, *, now: datetime) -> None:
    """A mail server did not take the access token: the next one is asked for anew.

    One that was fresh was not refused for its age, and asking again would only go on for ever.
    """
    old = Q(refreshed_at=None) | Q(refreshed_at__lt=now - YOUNG)
    OAuthGrant.objects.filter(old, pk=credential.pk).update(access_until=None)


def sweep(*, now: datetime) -> int:
    """Withdraw and delete the permissions that no account has any more; how many.

    A service that is not to be had is not asked twice: the tokens go, and end by themselves.
    """
    rows = credentials.unused().filter(kind=CredentialKind.OAUTH, changed_at__lt=now - SPARE)
    gone = 0
    for credential in rows.select_related("grant__client"):
        _withdraw(credential)
        gone += credentials.unused().filter(pk=credential.pk).delete()[0] > 0
    return gone


def withdraw_all(user: User) -> None:
    """Withdraw what this person allowed anywhere, before they are deleted; the rows stay.

    What a provider says does not matter, nor that it says nothing: the tokens go anyway, and end by
    themselves. Nobody else waits for long either: after ``PARTING`` the rest is not asked any more.
    """
    rows = Credential.objects.filter(user=user, kind=CredentialKind.OAUTH)
    end = time.monotonic() + PARTING
    for credential in rows.select_related("grant__client"):
        if time.monotonic() > end:
            log.info("not every permission of user %s was withdrawn: no time", user.pk)
            return
        try:
            _withdraw(credential, leaving=user)
        except Exception:
            log.exception("%r was not withdrawn", credential)


def _withdraw(credential: Credential, *, leaving: User | None = None) -> None:
    """Tell the provider, unless the same person's other accounts would lose theirs with it, if
    those are not of ``leaving``, all of whose go.

    A provider may end all that was allowed to a client at once (RFC 7009 section 2.1), and Google
    does: somebody who signed in twice would be left with nothing.
    """
    try:
        grant = credential.grant
        same = OAuthGrant.objects.filter(client=grant.client, address__iexact=grant.address)
        others = same.filter(dead_since=None).exclude(pk=grant.pk)
        if (others.exclude(credential__user=leaving) if leaving else others).exists():
            return
        tokens = _tokens(credential)
        authority.revoke(grant.client, token=tokens.refresh or tokens.access)
    except (MailServerError, credentials.CredentialError, OAuthGrant.DoesNotExist) as error:
        log.info("%r was not withdrawn: %s", credential, error)


@sensitive_variables("token")
def _seal(credential: Credential, token: Token) -> None:
    secret = json.dumps({"access": token.access, "refresh": token.refresh})
    credentials.seal(credential, secret)


@sensitive_variables()
def _tokens(credential: Credential) -> Tokens:
    """What is stored. Raises `CredentialError`."""
    try:
        found = json.loads(credentials.unseal(credential))
        return Tokens(str(found["access"]), str(found["refresh"]))
    except (ValueError, KeyError, TypeError):
        raise credentials.CredentialError(f"{credential!r} holds no tokens") from None
