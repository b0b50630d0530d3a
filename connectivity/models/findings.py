"""What was found out about servers, and how often they were asked."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class FoundSettings(models.Model):
    """What was found out about the mail servers of a domain; no address, shared by everybody."""

    domain = models.CharField(max_length=253, unique=True)
    result = models.JSONField(default=dict)
    found_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.domain


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


class TrialProgress(models.Model):
    """How far a connection test is that a page waits for; gone as soon as the test is over."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.UUIDField(help_text="Made by the form that asked for the test.")
    stage = models.CharField(max_length=10, help_text="`protocols.check.CheckStage`, under way.")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key} {self.stage}"
