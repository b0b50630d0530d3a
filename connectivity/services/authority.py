"""What is asked of a sign-in service, as the client that is registered there."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.views.decorators.debug import sensitive_variables

from connectivity.models import OAuthClient
from connectivity.oauth_providers import OAUTH_PROVIDERS, OAuthProvider
from connectivity.services import credentials, network

if TYPE_CHECKING:
    from protocols.oauth import Device, Party, Token

#: Seconds a service is given for one answer: somebody may be waiting for the page.
SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a client's sign-in service is; empty where it has no such thing."""

    authorize: str
    token: str
    device: str
    revoke: str
    issuer: str


def provider_of(client: OAuthClient) -> OAuthProvider:
    """What is known of the client's sign-in service."""
    return OAUTH_PROVIDERS[client.provider]


def addresses(client: OAuthClient) -> Addresses:
    """The addresses typed for this client; where the first is empty, those known.

    A service of one's own has no device flow but the one that was typed.
    """
    known = provider_of(client)
    if client.authorize_url:
        own = client.authorize_url, client.token_url, client.device_url
        return Addresses(*own, client.revoke_url, client.issuer)
    tenant = client.tenant or known.tenant
    found = (known.authorize_url, known.token_url, known.device_url, known.revoke_url, known.issuer)
    return Addresses(*(each.replace("{tenant}", tenant) for each in found))


def authorization_url(
    client: OAuthClient,
    *,
    redirect_uri: str,
    state: str,
    verifier: str,
    nonce: str,
    login_hint: str = "",
) -> str:
    """Where the browser goes; see `protocols.oauth.authorization_url`."""
    known = provider_of(client)
    # Where the service is one's own, the standard's word for "and keep it" (OpenID Connect 11).
    own = known.extra if not client.authorize_url else {"prompt": "consent"}
    extra = {**own, "nonce": nonce, "login_hint": login_hint}
    return str(
        _wire().authorization_url(
            addresses(client).authorize,
            client_id=client.client_id,
            redirect_uri=redirect_uri,
            scopes=known.scopes,
            state=state,
            verifier=verifier,
            extra=extra,
        )
    )


def exchange(client: OAuthClient, *, code: str, verifier: str, redirect_uri: str) -> Token:
    """The tokens for a code. Raises `OAuthRefused`, `OAuthUnavailable`, `CredentialError`."""
    token: Token = _wire().exchange(
        addresses(client).token,
        _party(client),
        code=code,
        verifier=verifier,
        redirect_uri=redirect_uri,
    )
    return token


@sensitive_variables("refresh_token")
def refresh(client: OAuthClient, *, refresh_token: str) -> Token:
    """A fresh token. Raises `OAuthRevoked`, `OAuthUnavailable`, `CredentialError`."""
    token: Token = _wire().refresh(
        addresses(client).token,
        client_id=client.client_id,
        client_secret=secret_of(client),
        refresh_token=refresh_token,
        policy=network.policy(),
        trust=network.trust(),
        deadline=SECONDS,
    )
    return token


@sensitive_variables("token")
def revoke(client: OAuthClient, *, token: str) -> bool:
    """Withdraw a permission; False where the service knows no such thing. Raises as `exchange`."""
    url = addresses(client).revoke
    if url:
        _wire().revoke(url, _party(client), token=token)
    return bool(url)


def device_begin(client: OAuthClient) -> Device:
    """Begin a sign-in on another device. Raises as `exchange`."""
    device: Device = _wire().device_begin(
        addresses(client).device, _party(client), scopes=provider_of(client).scopes
    )
    return device


def device_poll(client: OAuthClient, *, code: str) -> Token:
    """Whether the person has agreed. Raises as `exchange`."""
    token: Token = _wire().device_poll(addresses(client).token, _party(client), code=code)
    return token


def secret_of(client: OAuthClient) -> str:
    """The client secret, empty for a public client. Raises `CredentialError`."""
    return credentials.unseal(client) if client.key_id else ""


@sensitive_variables()
def _party(client: OAuthClient) -> Party:
    rules = network.policy(), network.trust(), SECONDS
    party: Party = _wire().Party(client.client_id, secret_of(client), *rules)
    return party


def _wire() -> Any:
    # Not imported at the top: authlib and httpx2 would double the time every command needs to
    # start, and most processes never sign in anywhere.
    return import_module("protocols.oauth")
