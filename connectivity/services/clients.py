"""This installation as a client of sign-in services: registered, asked for, tried out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from accounts.services import audit
from connectivity import catalogue
from connectivity.models import Feature, OAuthClient
from connectivity.oauth_providers import OAUTH_PROVIDERS
from connectivity.services import authority, credentials, features
from protocols.errors import MailServerError, OAuthRefused

# A code no service ever gave out: one that knows the client says so, and any other says that.
_NO_CODE, _NO_VERIFIER = "tributary-self-test", "x" * 43
_CODE_REFUSED = frozenset({"invalid_grant"})
_ADDRESSES = ("authorize_url", "token_url", "device_url", "revoke_url")
_FIELDS = ("client_id", "tenant", "issuer", "enabled", *_ADDRESSES)
_ABOUT_US = frozenset({"oauth-client", "oauth-redirect", "oauth-secret-expired"})


@dataclass(frozen=True, slots=True)
class Registration:
    """What an administrator enters; ``secret`` None keeps the stored one, empty means none.

    Addresses are for a service of one's own; empty ones are those known for the provider.
    """

    client_id: str
    secret: str | None = None
    tenant: str = ""
    authorize_url: str = ""
    token_url: str = ""
    device_url: str = ""
    revoke_url: str = ""
    issuer: str = ""
    enabled: bool = True

    def __repr__(self) -> str:
        return f"<Registration {self.client_id}>"


def for_provider(key: str, user: User) -> OAuthClient | None:
    """The client to sign ``user`` in with at a provider.

    None: nothing is registered or it is switched off, or ``user`` may not sign in at providers.
    """
    client = OAuthClient.objects.filter(provider=key, enabled=True).first() if key else None
    if client is None or not features.enabled_for(user, Feature.OAUTH):
        return None
    return client


@sensitive_variables()
def register(*, provider: str, values: Registration, now: datetime) -> OAuthClient:
    """Store or change the client of a provider; what was found out by a test is void.

    Raises `ValueError` for a provider nobody knows.
    """
    if provider not in OAUTH_PROVIDERS:
        raise ValueError(f"there is no provider {provider!r}")
    with transaction.atomic():
        client, _ = OAuthClient.objects.get_or_create(
            provider=provider, defaults={"client_id": values.client_id}
        )
        before = {name: getattr(client, name) for name in _FIELDS}
        for name in _FIELDS:
            setattr(client, name, getattr(values, name))
        if values.secret:
            credentials.seal(client, values.secret)
        elif values.secret is not None:
            client.key_id, client.token = "", b""
        client.tested_at, client.test_cause, client.test_line = None, "", ""
        client.changed_at = now
        client.save()
        # Which fields, as no address or name of the registration has to be read here; the secret
        # is named like any other.
        changed = [name for name in _FIELDS if before.get(name) != getattr(client, name)]
        changed += ["secret"] if values.secret is not None else []
        audit.note("oauth-client-changed", now=now, detail={"name": provider, "fields": changed})
    return client


def goes_elsewhere(client: OAuthClient, values: Registration) -> bool:
    """Whether secrets would be sent to a host that they were not sent to so far."""
    after = OAuthClient(provider=client.provider, tenant=values.tenant)
    for name in _ADDRESSES:
        setattr(after, name, getattr(values, name))
    return not _receivers(after) <= _receivers(client)


def _receivers(client: OAuthClient) -> set[str]:
    """Who is sent the client secret and people's tokens."""
    known = authority.addresses(client)
    return {urlsplit(url).netloc.lower() for url in (known.token, known.device, known.revoke)} - {
        ""
    }


def remove(client: OAuthClient) -> bool:
    """Forget a client; False while accounts hold permissions that were given to it."""
    if client.grants.exists():
        return False
    with transaction.atomic():
        client.delete()
        audit.note("oauth-client-changed", detail={"name": client.provider, "to": "removed"})
    return True


def self_test(client: OAuthClient, *, redirect_uri: str, now: datetime) -> bool:
    """Ask the service whether it knows this client and its secret; the result is on the row.

    The redirect address is checked by services that look at it before the code. What needs a
    person (the permissions) shows at the first sign-in.
    """
    cause = line = ""
    try:
        _ask(client, redirect_uri)
    except MailServerError as error:
        cause, line = catalogue.read("oauth", error), error.server_line
    except credentials.CredentialError as broken:
        cause = broken.cause
    client.tested_at, client.test_cause, client.test_line = now, cause, line
    client.save(update_fields=["tested_at", "test_cause", "test_line"])
    return not cause


def _ask(client: OAuthClient, redirect_uri: str) -> None:
    """Raises what the service holds against this client."""
    if authority.addresses(client).device:
        # Microsoft looks at a code before it looks at who brings it; here it names what is wrong
        # with the client or its permissions. The code that comes is never used.
        authority.device_begin(client)
    try:
        authority.exchange(client, code=_NO_CODE, verifier=_NO_VERIFIER, redirect_uri=redirect_uri)
    except OAuthRefused as error:
        # The code is nonsense, so that the service finds fault with it alone is what we hope for.
        only_the_code = error.error in _CODE_REFUSED
        if not only_the_code or catalogue.read("oauth", error) in _ABOUT_US:
            raise
