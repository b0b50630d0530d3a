"""Fixtures: a real OpenID provider and mail servers that take its access tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.utils import timezone

from connectivity.models import OAuthClient
from connectivity.oauth_providers import OAUTH_PROVIDERS
from connectivity.services import clients
from connectivity.services.clients import Registration
from standin.certs import TlsFiles
from standin.dovecot import Dovecot
from standin.smtp import SmtpServer
from tests.oidc.provider import CLIENT_ID, CLIENT_SECRET, MAIL_CLIENT_ID, OidcProvider

CALLBACK = "https://tributary.test/connectivity/oauth/callback"
SCOPES = OAUTH_PROVIDERS["microsoft"].scopes - {"openid", "offline_access", "email"}
PERSON = "mara@provider.test"


@dataclass(frozen=True, slots=True)
class MailServers:
    """Servers that ask ``provider`` what a token is worth; ``PERSON`` has a mailbox there."""

    provider: OidcProvider
    dovecot: Dovecot
    smtp: SmtpServer


def make_oidc(
    tls_files: TlsFiles, *redirect_uris: str, scopes: frozenset[str] = SCOPES
) -> OidcProvider:
    """A provider that lets mail be read and sent, as Microsoft's does; not started."""
    return OidcProvider(tls_files, redirect_uris=redirect_uris or (CALLBACK,), scopes=scopes)


def registered(provider: OidcProvider, *, key: str = "microsoft") -> OAuthClient:
    """This installation as a client of ``provider``, in place of Microsoft's addresses."""
    return clients.register(
        provider=key,
        values=Registration(
            client_id=CLIENT_ID,
            secret=CLIENT_SECRET,
            authorize_url=provider.authorize_url,
            token_url=provider.token_url,
            device_url=provider.device_url,
            revoke_url=provider.revoke_url,
            issuer=provider.issuer,
        ),
        now=timezone.now(),
    )


def token_dovecot(folder: Path, tls_files: TlsFiles, provider: OidcProvider) -> Dovecot:
    """A Dovecot that takes the provider's access tokens; not started."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "oauth2.conf.ext"
    settings.write_text(
        f"introspection_url = {provider.introspect_url}\n"
        "introspection_mode = post\n"
        f"client_id = {MAIL_CLIENT_ID}\n"
        f"client_secret = {CLIENT_SECRET}\n"
        "username_attribute = sub\n"
        "active_attribute = active\n"
        "active_value = true\n"
        f"tls_ca_cert_file = {tls_files.ca_file}\n"
    )
    return Dovecot(
        folder,
        {PERSON: "a password nobody uses"},
        tls=tls_files.good,
        ca_file=tls_files.ca_file,
        settings=(
            "auth_mechanisms = plain login xoauth2 oauthbearer\n"
            "passdb {\n"
            "  driver = oauth2\n"
            "  mechanisms = xoauth2 oauthbearer\n"
            f"  args = {settings}\n"
            "}\n"
        ),
    )


@pytest.fixture(scope="session")
def oidc(tls_files: TlsFiles) -> Iterator[OidcProvider]:
    """The provider of the whole run; nothing in it is undone after a test."""
    with make_oidc(tls_files) as provider:
        yield provider


@pytest.fixture(scope="session")
def mail_servers(
    server_folder: Path, tls_files: TlsFiles, oidc: OidcProvider
) -> Iterator[MailServers]:
    """IMAP, POP3 and SMTP with the tokens of `oidc`."""
    dovecot = token_dovecot(server_folder / "oauth-dovecot", tls_files, oidc)
    smtp = SmtpServer({}, tls=tls_files.good, owner=oidc.owner)
    with dovecot, smtp:
        yield MailServers(oidc, dovecot, smtp)


@pytest.fixture
def oauth_client(db: None, oidc: OidcProvider) -> OAuthClient:
    """This installation, registered at `oidc`."""
    return registered(oidc)
