"""What an account signs in with: its password, or a fresh access token of its provider."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from connectivity.models import Credential, CredentialKind, Feature, OAuthGrant
from connectivity.services import credentials, features, grants
from protocols.errors import OAuthElsewhere, Stage
from protocols.types import Login


def login(
    credential: Credential, *, username: str, host: str, now: datetime, apop: bool = False
) -> Login:
    """The login for one connection; asked for before each, as a token lives for an hour.

    An access token is for the servers of the provider that gave it: ``host`` must be one of them.
    Never inside a transaction: a token may have to be fetched.

    Raises:
        CredentialError: what is stored does not open.
        OAuthRevoked: the person has to sign in at the provider again.
        OAuthUnavailable: the provider gives no token now; "feature-off" where it is switched off.
        OAuthElsewhere: the server is not the provider's.
    """
    if credential.kind == CredentialKind.OAUTH:
        if not grants.is_for(credential, host):
            raise OAuthElsewhere(Stage.LOGIN, host=host)
        return Login(username, grants.access(credential, now=now), oauth=True)
    return Login(username, credentials.reveal(credential), apop=apop)


def allowed(credential: Credential, user: User) -> bool:
    """Whether ``user`` may go on using it: a permission of a provider can be switched off."""
    if credential.kind != CredentialKind.OAUTH:
        return True
    registered = OAuthGrant.objects.filter(pk=credential.pk, client__enabled=True)
    return features.enabled_for(user, Feature.OAUTH) and registered.exists()


def refused(credential: Credential, *, now: datetime) -> None:
    """The server refused the access token (`TokenExpired`): the next login gets another one."""
    if credential.kind == CredentialKind.OAUTH:
        grants.refused(credential, now=now)
