"""What comes with messages, derived by the index worker: files, and events of calendars."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from mailstore.models.messages import Message


class Attachment(models.Model):
    """A file of a message, as its message names it. Its bytes are in the message."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    index = models.PositiveSmallIntegerField(help_text="See mailstore.mime.Part.")
    name = models.CharField(max_length=255, blank=True)
    folded = models.CharField(
        max_length=255, blank=True, help_text="The name without case and accents, to be found by."
    )
    kind = models.CharField(max_length=8, help_text="See mailstore.file_kinds.")
    content_type = models.CharField(max_length=201)
    size = models.BigIntegerField(help_text="Bytes, good to two percent.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "index"], name="attachment_once"),
        ]

    def __str__(self) -> str:
        return self.name or f"part {self.index}"


class InvitationSeen(models.Model):
    """One version of an event that came with a message, to know the newest (RFC 5546, 2.1.4)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="events")
    organiser = models.CharField(max_length=320, help_text="In lower case.")
    uid = models.CharField(max_length=255)
    recurrence = models.CharField(max_length=64, blank=True, help_text="RECURRENCE-ID or empty.")
    sequence = models.IntegerField(default=0)
    stamp = models.DateTimeField(null=True, help_text="DTSTAMP")
    is_cancelled = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["user", "uid"], name="invitation_by_uid")]

    def __str__(self) -> str:
        return f"{self.uid} {self.sequence}"
