"""Signing in at a provider: begun here, done there, finished here once (RFC 6749, RFC 8628).

A sign-in belongs to one person, one session and one draft, and is over after ten minutes. What
it brings is put into the draft; the account's form goes on from there.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from connectivity import catalogue, providers
from connectivity.models import AccountDraft, CredentialKind, Feature, OAuthClient, OAuthFlow
from connectivity.oauth_providers import granted, kind_of
from connectivity.services import authority, clients, credentials, features, grants, trials
from protocols.errors import MailServerError, OAuthRefused, redact

if TYPE_CHECKING:
    from protocols.oauth import Token

LIFE = timedelta(minutes=10)
OPEN_AT_ONCE = 10  # of one person
SLOW_DOWN = 5  # seconds (RFC 8628 section 3.5)
_WORDS = ("error", "error_description")


class SignInFailed(Exception):
    """A sign-in that brought nothing: the cause id, the provider's words, the draft if known."""

    def __init__(
        self, cause: str, server_line: str = "", draft: AccountDraft | None = None
    ) -> None:
        """`server_line` is redacted."""
        super().__init__(cause)
        self.cause, self.server_line, self.draft = cause, server_line, draft


def provider_key(draft: AccountDraft) -> str:
    """The sign-in service the account of a draft wants, empty where it wants a password."""
    values = draft.values
    known = (
        providers.by_key(str(values.get("tile", ""))),
        providers.by_host(str(values.get("host", ""))),
        providers.by_address(typed_address(draft)),
    )
    # The server counts where a tile that knows no sign-in was chosen for it.
    return next((one.oauth for one in known if one is not None and one.oauth), "")


def begin(
    *, user: User, draft: AccountDraft, session_key: str, redirect_uri: str, now: datetime
) -> str:
    """The address at the provider to send the browser to. Raises `SignInFailed`."""
    client = _client(user, draft)
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    flow = _flow(user, client, draft, session_key, now)
    flow.state_hash = _hash(state)
    _keep(flow, verifier)
    return authority.authorization_url(
        client,
        redirect_uri=redirect_uri,
        state=state,
        verifier=verifier,
        nonce=flow.state_hash,
        login_hint=flow.address,
    )


def finish(
    *,
    user: User,
    session_key: str,
    params: Mapping[str, str],
    redirect_uri: str,
    now: datetime,
) -> AccountDraft:
    """Take what the browser brought back (`params`); the draft has a credential then.

    Raises `SignInFailed`: "oauth-state" for a sign-in that was not begun in this session by this
    person within ten minutes, or is finished already, and else what the provider said.
    """
    flow = _begun(user, session_key, params.get("state", ""), now)
    draft = flow.draft
    if draft is None or not OAuthFlow.objects.filter(pk=flow.pk, used_at=None).update(used_at=now):
        raise SignInFailed("oauth-state")
    _check_wanted(user, draft)
    issuer = authority.addresses(flow.client).issuer
    # RFC 9207: another service must not answer in this one's name.
    if issuer and params.get("iss", issuer) != issuer:
        raise SignInFailed("oauth-issuer", draft=draft)
    if "code" not in params or "error" in params:
        raise _refused(params, draft)
    try:
        token = authority.exchange(
            flow.client,
            code=params["code"],
            verifier=credentials.unseal(flow),
            redirect_uri=redirect_uri,
        )
    except (MailServerError, credentials.CredentialError) as error:
        raise _failed(error, draft) from None
    return _complete(flow, draft, token, now)


def begin_device(*, user: User, draft: AccountDraft, session_key: str, now: datetime) -> OAuthFlow:
    """Begin a sign-in on another device: show ``user_code`` and ``verification_url`` of the flow.

    For installations the provider cannot send a browser back to. Raises `SignInFailed`.
    """
    client = _client(user, draft)
    if not authority.addresses(client).device:
        raise SignInFailed("oauth-no-device", draft=draft)
    try:
        trials.take(user, now=now)
    except trials.TooManyTrialsError as full:
        raise SignInFailed(full.cause, draft=draft) from None
    try:
        device = authority.device_begin(client)
    except (MailServerError, credentials.CredentialError) as error:
        raise _failed(error, draft) from None
    flow = _flow(user, client, draft, session_key, now)
    flow.is_device, flow.state_hash = True, _hash(device.code)
    flow.user_code, flow.verification_url = device.user_code, device.verification_url
    flow.interval = device.interval
    flow.next_at = now + timedelta(seconds=device.interval)
    flow.expires_at = now + timedelta(seconds=device.expires_in)
    _keep(flow, device.code)
    return flow


def waiting(*, user: User, draft: AccountDraft, session_key: str, now: datetime) -> OAuthFlow:
    """The sign-in on another device that a draft waits for. Raises `SignInFailed`."""
    flows = OAuthFlow.objects.select_related("client", "draft")
    flow = flows.filter(
        user=user,
        draft=draft,
        is_device=True,
        used_at=None,
        session_hash=_hash(session_key),
        expires_at__gt=now,
    ).last()
    if flow is None:
        raise SignInFailed("oauth-state", draft=draft)
    return flow


def poll_device(
    *, user: User, draft: AccountDraft, session_key: str, now: datetime
) -> AccountDraft | None:
    """Ask whether the person has agreed on the other device; None: not yet.

    Asks no more often than the provider wants. Raises `SignInFailed`.
    """
    flow = waiting(user=user, draft=draft, session_key=session_key, now=now)
    due = OAuthFlow.objects.filter(Q(next_at=None) | Q(next_at__lte=now), pk=flow.pk)
    if not due.update(next_at=now + timedelta(seconds=flow.interval)):
        return None
    try:
        token = authority.device_poll(flow.client, code=credentials.unseal(flow))
    except OAuthRefused as error:
        if error.error == "authorization_pending":
            return None
        if error.error == "slow_down":
            slower = min(flow.interval + SLOW_DOWN, 60)
            OAuthFlow.objects.filter(pk=flow.pk).update(
                interval=slower, next_at=now + timedelta(seconds=slower)
            )
            return None
        OAuthFlow.objects.filter(pk=flow.pk).update(used_at=now)
        cause = "oauth-state" if error.error == "expired_token" else ""
        raise _failed(error, draft, cause) from None
    except (MailServerError, credentials.CredentialError) as error:
        raise _failed(error, draft) from None
    if not OAuthFlow.objects.filter(pk=flow.pk, used_at=None).update(used_at=now):
        raise SignInFailed("oauth-state", draft=draft)
    return _complete(flow, draft, token, now)


def other_address(draft: AccountDraft) -> str:
    """Who signed in, where that is not whose account was typed; empty where it is.

    To be told: the person decides whether the account is meant for that address.
    """
    credential, wanted = draft.credential, typed_address(draft)
    if credential is None or credential.kind != CredentialKind.OAUTH or not wanted:
        return ""
    address = credential.grant.address
    return "" if not address or address.lower() == wanted.lower() else address


def forget_old(*, now: datetime) -> int:
    """Delete sign-ins that are over; how many."""
    return OAuthFlow.objects.filter(expires_at__lt=now - LIFE).delete()[0]


def typed_address(draft: AccountDraft) -> str:
    """Whose account a draft is for, as typed; empty where that is no address."""
    values = draft.values
    typed = values.get("username") or values.get("email") or values.get("address") or draft.label
    return str(typed) if "@" in str(typed) else ""


def _client(user: User, draft: AccountDraft) -> OAuthClient:
    if draft.user_id != user.pk:
        raise ValueError("this draft belongs to another user")
    _check_wanted(user, draft)
    client = clients.for_provider(provider_key(draft), user)
    if client is None:
        raise SignInFailed("feature-off", draft=draft)
    return client


def _check_wanted(user: User, draft: AccountDraft) -> None:
    """Nothing is asked of a provider for what is switched off here (A5). Raises `SignInFailed`."""
    is_retrieval = draft.kind == AccountDraft.Kind.RETRIEVAL
    feature = Feature.RETRIEVAL if is_retrieval else Feature.SMTP_ACCOUNTS
    if not features.enabled_for(user, feature):
        raise SignInFailed("feature-off", draft=draft)


def _flow(
    user: User, client: OAuthClient, draft: AccountDraft, session_key: str, now: datetime
) -> OAuthFlow:
    """A new flow, not saved; the oldest of too many are ended."""
    mine = OAuthFlow.objects.filter(user=user).order_by("-pk")
    for old in mine[OPEN_AT_ONCE - 1 :]:
        old.delete()
    return OAuthFlow(
        user=user,
        client=client,
        draft=draft,
        session_hash=_hash(session_key),
        address=typed_address(draft)[:320],
        expires_at=now + LIFE,
    )


@sensitive_variables("secret")
def _keep(flow: OAuthFlow, secret: str) -> None:
    with transaction.atomic():
        flow.token = b""
        flow.save()
        credentials.seal(flow, secret)
        flow.save(update_fields=["key_id", "token"])


def _begun(user: User, session_key: str, state: str, now: datetime) -> OAuthFlow:
    flows = OAuthFlow.objects.select_related("client", "draft")
    flow = flows.filter(state_hash=_hash(state), is_device=False).first()
    if (
        flow is None
        or flow.user_id != user.pk
        or not hmac.compare_digest(flow.session_hash, _hash(session_key))
        or flow.used_at is not None
        or flow.expires_at <= now
        or clients.for_provider(flow.client.provider, user) is None
    ):
        raise SignInFailed("oauth-state")
    return flow


@sensitive_variables("token")
def _complete(flow: OAuthFlow, draft: AccountDraft, token: Token, now: datetime) -> AccountDraft:
    """Put what the provider gave into the draft; raises `SignInFailed`."""
    known = authority.provider_of(flow.client)
    if not granted(known, token.scopes, kind_of(draft.values, draft.kind)):
        raise SignInFailed("oauth-scope-missing", " ".join(sorted(token.scopes)), draft)
    if not _is_meant(token.claims, flow):
        raise SignInFailed("oauth-issuer", draft=draft)
    with transaction.atomic():
        before = draft.credential
        draft.credential = grants.store(
            user=draft.user,
            client=flow.client,
            token=token,
            address=_who(token.claims, flow.address),
            now=now,
        )
        draft.cause, draft.server_line, draft.changed_at = "", "", now
        draft.save()
        if before is not None:
            credentials.release(before)
    return draft


def _is_meant(claims: Mapping[str, object], flow: OAuthFlow) -> bool:
    """Whether an ID token, where there is one, is for this client and this very sign-in.

    OpenID Connect Core section 3.1.3.7, as far as the provider's own TLS does not prove it.
    """
    client = flow.client
    issuer = authority.addresses(client).issuer
    audience = claims.get("aud", client.client_id)
    return (
        client.client_id in (audience if isinstance(audience, list) else [audience])
        and (not issuer or claims.get("iss", issuer) == issuer)
        and (flow.is_device or claims.get("nonce", flow.state_hash) == flow.state_hash)
    )


def _who(claims: Mapping[str, object], typed: str) -> str:
    """Who signed in: the typed address where it is one of theirs, else what the provider says.

    Microsoft's ``preferred_username`` is the name to sign in with, ``email`` need not be.
    """
    names = [str(claims[name]) for name in ("preferred_username", "email", "upn") if name in claims]
    theirs = [redact(name) for name in names if "@" in name]
    return next((each for each in theirs if each.lower() == typed.lower()), (theirs or [typed])[0])


def _refused(params: Mapping[str, str], draft: AccountDraft) -> SignInFailed:
    """The provider sent the browser back without a code (RFC 6749 section 4.1.2.1)."""
    words = redact(" ".join(params.get(name, "") for name in _WORDS))
    return _failed(OAuthRefused(params.get("error", ""), words), draft)


def _failed(error: Exception, draft: AccountDraft, cause: str = "") -> SignInFailed:
    if isinstance(error, MailServerError):
        return SignInFailed(cause or catalogue.read("oauth", error), error.server_line, draft)
    return SignInFailed(credentials.CredentialError.cause, draft=draft)


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
