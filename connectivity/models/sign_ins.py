"""Sign-ins at providers (OAuth 2.0)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connectivity.models.credentials import Credential


class OAuthClient(models.Model):
    """This installation as registered with a provider (RFC 6749 section 2).

    ``provider`` is a key of ``connectivity.oauth_providers``. Addresses left empty are those
    known for the provider. The client secret is sealed like a `Credential`; a public client,
    which has none, uses PKCE alone (RFC 7636).
    """

    provider = models.CharField(max_length=32, unique=True)
    client_id = models.CharField(_("client ID"), max_length=255)
    key_id = models.CharField(max_length=32, blank=True, db_index=True)
    token = models.BinaryField(default=bytes, help_text="The sealed client secret; may be empty.")
    tenant = models.CharField(_("tenant"), max_length=64, blank=True)
    authorize_url = models.URLField(blank=True)
    token_url = models.URLField(blank=True)
    device_url = models.URLField(blank=True)
    revoke_url = models.URLField(blank=True)
    issuer = models.URLField(blank=True)
    enabled = models.BooleanField(default=True)
    tested_at = models.DateTimeField(null=True, blank=True)
    test_cause = models.CharField(max_length=40, blank=True, help_text="Empty: the test passed.")
    test_line = models.TextField(blank=True, help_text="The provider's words, redacted.")
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.provider

    def __repr__(self) -> str:
        return f"<OAuthClient {self.provider}>"


class OAuthGrant(models.Model):
    """What a person allowed at a provider; the tokens are in ``credential``.

    A worker refreshes under the lease (``lease_until``, ``fence``), as two refreshes of one
    rotating token lose the grant. ``dead_since`` is set when the provider wants the person again.
    """

    credential = models.OneToOneField(
        Credential, primary_key=True, on_delete=models.CASCADE, related_name="grant"
    )
    client = models.ForeignKey(OAuthClient, on_delete=models.PROTECT, related_name="grants")
    address = models.CharField(max_length=320, help_text="Who signed in, as the provider says.")
    scopes = models.TextField(blank=True, help_text="Granted scopes, by spaces.")
    access_until = models.DateTimeField(null=True, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(
        null=True, blank=True, help_text="No refresh before that: the provider was not to be had."
    )
    dead_since = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=40, blank=True)
    server_line = models.TextField(blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.address
