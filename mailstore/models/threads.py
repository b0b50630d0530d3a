"""Conversations: messages that answer each other (RFC 5256 section 2, by References alone)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Thread(models.Model):
    """One conversation of one user, across all folders. What it looks like is asked of its
    messages; only what a person decided about it is kept here."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="threads"
    )
    muted_at = models.DateTimeField(null=True, help_text="Since then its new mail stays silent.")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"thread {self.pk}"


class ThreadReference(models.Model):
    """A Message-ID somebody named, of a message that may not be here (yet), and its thread.

    ``digest`` is the first 16 bytes of the SHA-256 of the id.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="references")
    digest = models.BinaryField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], name="thread_reference_once"),
        ]

    def __str__(self) -> str:
        return bytes(self.digest).hex()
