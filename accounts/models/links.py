"""Links that are sent to an address to prove that somebody reads it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    PASSWORD = "password", _("Choose a new password")
    BACKUP = "backup", _("Confirm a backup address")


class MailedLink(models.Model):
    """One link, good once and until a time. Only a hash of its token is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    address = models.EmailField(max_length=254, help_text="Where it was sent.")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.purpose} of {self.user_id}"


class RecoveryRequest(models.Model):
    """Somebody says that they forgot a password. A worker looks whether there is such a person,

    so that the answer takes the same time either way.
    """

    address = models.CharField(max_length=254, help_text="As typed, in lower case.")
    network = models.CharField(max_length=64, help_text="Of the caller; see accounts.callers.")
    host = models.CharField(max_length=253, blank=True, help_text="How the site was reached.")
    language = models.CharField(max_length=10)
    made_at = models.DateTimeField(db_index=True)
    done_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"recovery of {self.made_at:%Y-%m-%d %H:%M}"
