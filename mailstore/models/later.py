"""What a person put off: messages that come back, and reminders.

What came back stands at the moment it did (its ``sort_at``), so that every list has it there
without asking twice; the row keeps when it had arrived, and stays until the message is moved on.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from mailstore.models.folders import Folder
from mailstore.models.messages import Message


class Snooze(models.Model):
    """A message out of sight until a moment; it lies in the folder with the role "snoozed"."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="snoozes"
    )
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="snooze")
    until = models.DateTimeField()
    back_to = models.ForeignKey(
        Folder, null=True, on_delete=models.SET_NULL, related_name="+", help_text="None: the Inbox."
    )
    made_at = models.DateTimeField(default=timezone.now)
    came_at = models.DateTimeField(null=True, help_text="When it came back; null: it waits.")
    arrived_at = models.DateTimeField(null=True, help_text="The message's own sort_at, if moved.")

    class Meta:
        indexes = [
            models.Index(fields=["until"], name="snooze_due", condition=Q(came_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} until {self.until}"


class Reminder(models.Model):
    """To be reminded of a message, or, ``only_unanswered``, if nobody answered it by then."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminders"
    )
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="reminder")
    at = models.DateTimeField()
    only_unanswered = models.BooleanField(default=True)
    back_to = models.ForeignKey(
        Folder, null=True, on_delete=models.SET_NULL, related_name="+", help_text="Where it lay."
    )
    made_at = models.DateTimeField(default=timezone.now)
    came_at = models.DateTimeField(null=True, help_text="When it was shown; null: it waits.")
    arrived_at = models.DateTimeField(null=True, help_text="The message's own sort_at, if moved.")

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="reminder_due", condition=Q(came_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} at {self.at}"
