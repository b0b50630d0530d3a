"""A person's own copy of all their data, made by a worker; the row is the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from datetime import datetime


class ExportState(models.TextChoices):
    QUEUED = "queued", _("Waiting for a worker")
    RUNNING = "running", _("Being written")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")


class Export(models.Model):
    """One archive, at most one of each person: a new one takes the place of the old.

    A worker holds it by a lease and a fence: whoever finds another fence has been replaced.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="export"
    )
    state = models.CharField(max_length=8, choices=ExportState.choices, default=ExportState.QUEUED)
    asked_at = models.DateTimeField()
    done = models.PositiveIntegerField(default=0, help_text="Messages written.")
    total = models.PositiveIntegerField(default=0, help_text="Messages there were at the start.")
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0, help_text="Rises with every claim.")
    file = models.CharField(max_length=64, blank=True, help_text="Name in the export folder.")
    size = models.BigIntegerField(default=0, help_text="Bytes of the archive.")
    unreadable = models.PositiveIntegerField(default=0, help_text="Messages with damaged bytes.")
    ended_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, db_index=True)
    cause = models.CharField(max_length=16, blank=True, help_text="no-space, broken")

    def __str__(self) -> str:
        return f"export of {self.user_id}: {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in (ExportState.QUEUED, ExportState.RUNNING)

    def is_ready(self, now: datetime) -> bool:
        """Whether its archive may be had: until it is tidied away."""
        return bool(self.state == ExportState.READY and self.expires_at and self.expires_at > now)
