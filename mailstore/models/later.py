"""What a person put off: messages that come back, and reminders."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from mailstore.models.folders import Folder
from mailstore.models.messages import Message


class Snooze(models.Model):
    """A message out of sight until a moment; it lies in the folder with the role "snoozed"."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="snoozes"
    )
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="snooze")
    until = models.DateTimeField(db_index=True)
    back_to = models.ForeignKey(
        Folder, null=True, on_delete=models.SET_NULL, related_name="+", help_text="None: the Inbox."
    )

    def __str__(self) -> str:
        return f"{self.message_id} until {self.until}"


class Reminder(models.Model):
    """To be reminded of a message, or, ``only_unanswered``, if nobody answered it by then."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminders"
    )
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="reminder")
    at = models.DateTimeField(db_index=True)
    only_unanswered = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.message_id} at {self.at}"
