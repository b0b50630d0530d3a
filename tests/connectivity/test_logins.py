"""What an account signs in with, and to whom it may be shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from connectivity.models import Credential, CredentialKind, OAuthClient, OAuthGrant
from connectivity.services import credentials, logins
from protocols.errors import OAuthElsewhere

NOW = timezone.now()


@pytest.fixture
def token(user: User) -> Credential:
    """A permission of Microsoft's."""
    client = OAuthClient.objects.create(provider="microsoft", client_id="an-id")
    credential = credentials.store(user=user, secret='{"access": "shown", "refresh": "kept"}')
    Credential.objects.filter(pk=credential.pk).update(kind=CredentialKind.OAUTH)
    credential.refresh_from_db()
    until = NOW + timedelta(hours=1)
    OAuthGrant.objects.create(credential=credential, client=client, access_until=until)
    return credential


def test_a_token_is_shown_to_its_provider(token: Credential) -> None:
    for host in ("outlook.office365.com", "SMTP.office365.com."):
        login = logins.login(token, username="mara@live.test", host=host, now=NOW)
        assert (login.password, login.oauth) == ("shown", True)


@pytest.mark.parametrize(
    "host", ["imap.gmail.com", "outlook.office365.com.evil.test", "mail.evil.test", "localhost", ""]
)
def test_a_token_is_shown_to_nobody_else(token: Credential, host: str) -> None:
    with pytest.raises(OAuthElsewhere) as caught:
        logins.login(token, username="mara@live.test", host=host, now=NOW)
    assert (caught.value.cause, caught.value.temporary) == ("oauth-elsewhere", False)
    assert caught.value.public % caught.value.public_params


def test_a_service_the_administrator_named_goes_with_any_server(token: Credential) -> None:
    OAuthClient.objects.update(token_url="https://id.example.test/token")
    login = logins.login(token, username="mara@live.test", host="mail.example.test", now=NOW)
    assert login.password == "shown"


def test_a_password_goes_where_it_was_typed_for(user: User) -> None:
    kept = credentials.store(user=user, secret="a quiet river")
    login = logins.login(kept, username="mara", host="mail.anything.test", now=NOW)
    assert (login.password, login.oauth) == ("a quiet river", False)
