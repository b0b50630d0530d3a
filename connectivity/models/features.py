"""Feature switches of domains and of the whole installation."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
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
