"""Ways back that are too long for a page."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class WayBack(models.Model):
    """How to undo something done to many messages. Kept for an hour; see webmail.undoing."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ways_back"
    )
    steps = models.BinaryField(help_text="JSON, compressed with zlib.")
    made_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"way back {self.pk}"
