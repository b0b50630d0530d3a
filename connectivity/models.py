"""How we reach other people's servers: feature switches and the secrets of external accounts."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Domain


class Feature(models.TextChoices):
    RETRIEVAL = "retrieval", _("Email Retrieval")
    SMTP_ACCOUNTS = "smtp-accounts", _("SMTP Accounts")
    OAUTH = "oauth", _("Sign-in at the provider")
    LOOKUP = "lookup", _("Looking up server settings")
    CLEAR_TEXT = "clear-text", _("Connections without encryption")
    CERTIFICATE_PINS = "certificate-pins", _("Trusting a single certificate")


#: What is off until somebody switches it on.
OFF_AT_FIRST = frozenset({Feature.CERTIFICATE_PINS})


class FeatureSwitch(models.Model):
    """On or off for one domain, or for the whole installation where ``domain`` is null.

    No row means on, except for `OFF_AT_FIRST`. The most restrictive level wins (A7, A211).
    """

    domain = models.ForeignKey(
        Domain, null=True, blank=True, on_delete=models.CASCADE, related_name="feature_switches"
    )
    feature = models.CharField(max_length=32, choices=Feature.choices)
    enabled = models.BooleanField(default=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Null: the operator, by a command.",
    )
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "feature"], name="feature_once_per_domain"),
            models.UniqueConstraint(
                fields=["feature"], condition=Q(domain=None), name="feature_once_for_system"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feature} {'on' if self.enabled else 'off'}"


class CredentialKind(models.TextChoices):
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    OAUTH = "oauth"


class Credential(models.Model):
    """The secret of one external account, encrypted with AES-256-GCM.

    It may serve several accounts of its owner (receiving and sending): a new password is entered
    once. Of kind OAUTH, the secret is a JSON object with ``access`` and ``refresh``, and what is
    known about them stands in the `OAuthGrant`.

    The associated data names this row and its owner, so a ciphertext copied into another row
    does not open (``connectivity.services.credentials``). The id is made before the row is, as
    it is part of that associated data.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="credentials"
    )
    kind = models.CharField(
        max_length=8, choices=CredentialKind.choices, default=CredentialKind.PASSWORD
    )
    key_id = models.CharField(max_length=32, db_index=True)
    token = models.BinaryField(help_text="Version, nonce and ciphertext.")
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"credential {self.pk}"

    def __repr__(self) -> str:
        return f"<Credential {self.pk}>"


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


class AccountDraft(models.Model):
    """An account that was typed but is not stored: it did not pass its test, or waits for a
    sign-in at the provider. Inactive; never holds a password.

    ``target_id`` is the account being changed or repaired, of the room ``kind`` names.
    """

    class Kind(models.TextChoices):
        RETRIEVAL = "retrieval"
        SMTP = "smtp"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="account_drafts"
    )
    kind = models.CharField(max_length=9, choices=Kind.choices)
    target_id = models.BigIntegerField(null=True, blank=True)
    label = models.CharField(max_length=320, blank=True, help_text="What it is called in lists.")
    values = models.JSONField(default=dict, help_text="The form's fields, without the password.")
    credential = models.ForeignKey(
        # RESTRICT, as deleting a user takes both.
        Credential,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
        help_text="What a sign-in at the provider brought.",
    )
    cause = models.CharField(max_length=40, blank=True)
    server_line = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-changed_at"]

    def __str__(self) -> str:
        return self.label


class OAuthFlow(models.Model):
    """A sign-in at a provider that was begun: single use, ten minutes, bound to one session."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    client = models.ForeignKey(OAuthClient, on_delete=models.CASCADE, related_name="+")
    draft = models.ForeignKey(
        AccountDraft, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    state_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the state.")
    session_hash = models.CharField(max_length=64, help_text="SHA-256 of the session's key.")
    address = models.CharField(max_length=320, blank=True, help_text="Whose sign-in is wanted.")
    key_id = models.CharField(max_length=32)
    token = models.BinaryField(help_text="Sealed: the PKCE verifier, or the device code.")
    is_device = models.BooleanField(default=False)
    user_code = models.CharField(max_length=32, blank=True)
    verification_url = models.URLField(blank=True)
    interval = models.PositiveSmallIntegerField(default=5, help_text="Seconds between questions.")
    next_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"sign-in {self.pk}"


class CertificatePin(models.Model):
    """A certificate one person chose to believe for one server, whatever its authority says."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="certificate_pins"
    )
    host = models.CharField(max_length=253, help_text="In lower case.")
    port = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, help_text="Of the whole certificate, in hex.")
    subject = models.TextField(blank=True)
    issuer = models.TextField(blank=True)
    not_after = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "host", "port"], name="pin_once_per_server")
        ]

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class FoundSettings(models.Model):
    """What was found out about the mail servers of a domain; no address, shared by everybody."""

    domain = models.CharField(max_length=253, unique=True)
    result = models.JSONField(default=dict)
    found_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.domain


class Notification(models.Model):
    """Something a person should know about one of their accounts.

    ``key`` names the trouble, such as ``retrieval:12``: one is open at a time, until
    ``resolved_at``. Text is made from ``cause`` and ``params`` when it is shown, which is from
    ``at`` on. The row is the queue of the mail about it as well: one is due at ``mail_at``.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    key = models.CharField(max_length=64)
    kind = models.CharField(max_length=32, help_text="A key of connectivity.notices.")
    label = models.CharField(max_length=320, blank=True)
    url = models.CharField(max_length=200, blank=True, help_text="A path of this site.")
    cause = models.CharField(max_length=40, blank=True)
    params = models.JSONField(default=dict)
    since = models.DateTimeField(default=timezone.now, help_text="Since when it lasts.")
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    mail_at = models.DateTimeField(null=True, blank=True, help_text="Null: no mail is due.")
    mailed_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["user", "-at"], name="notification_by_user"),
            models.Index(
                fields=["mail_at"],
                name="notification_mail_due",
                condition=Q(mail_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "key"],
                condition=Q(resolved_at=None),
                name="notification_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"


class UnknownFailure(models.Model):
    """A server's words the catalogue knows no cause for, counted so that it can learn them."""

    protocol = models.CharField(max_length=4)
    stage = models.CharField(max_length=16)
    line = models.CharField(max_length=300, help_text="Redacted; names and numbers masked.")
    count = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "stage", "line"], name="unknown_failure_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.protocol} {self.stage}: {self.line}"


class ConnectionTrial(models.Model):
    """One connection test or lookup a user asked for; kept for an hour to limit how many."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    target = models.CharField(max_length=260, blank=True, help_text="Host or domain asked.")
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["user", "at"], name="trial_by_user"),
            models.Index(fields=["target", "at"], name="trial_by_target"),
        ]

    def __str__(self) -> str:
        return f"trial {self.pk}"
