"""People who sign in at the provider, and accounts that use what it granted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from connectivity.models import AccountDraft, Credential, OAuthClient
from connectivity.services import signing_in
from standin.certs import TlsFiles
from tests.oidc import CALLBACK, PERSON
from tests.oidc.provider import OidcProvider

SESSION = "a session of mara's browser"
MakeDraft = Callable[..., AccountDraft]
SignIn = Callable[..., AccountDraft]


@pytest.fixture(autouse=True)
def trusted(settings: Settings, tls_files: TlsFiles) -> None:
    """The test authority is believed, as an operator's own would be."""
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)


@pytest.fixture
def make_draft(user: User) -> MakeDraft:
    """What a person typed for a Microsoft-style account before signing in."""

    def make(kind: str = "imap", *, owner: User = user, username: str = PERSON) -> AccountDraft:
        values = {"tile": "outlook", "host": "localhost", "username": username, "type": kind}
        room = AccountDraft.Kind.SMTP if kind == "smtp" else AccountDraft.Kind.RETRIEVAL
        return AccountDraft.objects.create(user=owner, kind=room, values=values, label=username)

    return make


@pytest.fixture
def sign_in(oauth_client: OAuthClient, oidc: OidcProvider, make_draft: MakeDraft) -> SignIn:
    """The whole way: begun here, agreed to at the provider's pages, finished here."""

    def signed_in(kind: str = "imap", *, name: str = PERSON) -> AccountDraft:
        draft, now = make_draft(kind), timezone.now()
        url = signing_in.begin(
            user=draft.user, draft=draft, session_key=SESSION, redirect_uri=CALLBACK, now=now
        )
        return signing_in.finish(
            user=draft.user,
            session_key=SESSION,
            params=oidc.sign_in(url, name),
            redirect_uri=CALLBACK,
            now=now,
        )

    return signed_in


@pytest.fixture
def credential(sign_in: SignIn) -> Credential:
    """A permission `PERSON` gave just now."""
    found = sign_in().credential
    assert found is not None
    return found
