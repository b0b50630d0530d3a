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


class FeatureSwitch(models.Model):
    """On or off for one domain, or for the whole installation where ``domain`` is null.

    No row means on. The most restrictive level wins (A7, A211).
    """

    domain = models.ForeignKey(
        Domain, null=True, blank=True, on_delete=models.CASCADE, related_name="feature_switches"
    )
    feature = models.CharField(max_length=32, choices=Feature.choices)
    enabled = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "feature"], name="feature_once_per_domain"),
            models.UniqueConstraint(
                fields=["feature"], condition=Q(domain=None), name="feature_once_for_system"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feature} {'on' if self.enabled else 'off'}"


class Credential(models.Model):
    """The secret of one external account, encrypted with AES-256-GCM.

    The associated data names this row and its owner, so a ciphertext copied into another row
    does not open (``connectivity.services.credentials``). The id is made before the row is, as
    it is part of that associated data.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="credentials"
    )
    key_id = models.CharField(max_length=32, db_index=True)
    token = models.BinaryField(help_text="Version, nonce and ciphertext.")
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"credential {self.pk}"

    def __repr__(self) -> str:
        return f"<Credential {self.pk}>"


class ConnectionTrial(models.Model):
    """One connection test a user asked for; kept for an hour to limit how many there are."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "at"], name="trial_by_user")]

    def __str__(self) -> str:
        return f"trial {self.pk}"
