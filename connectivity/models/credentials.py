"""The secrets of external accounts, and certificates somebody chose to trust."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


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
