"""Accounts that are not saved yet, and sign-ins on their way for them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from connectivity.models.credentials import Credential
from connectivity.models.sign_ins import OAuthClient


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
