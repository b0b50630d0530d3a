"""Why a message is where it is."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from mailstore.models import Message


class DecisionKind(models.TextChoices):
    FILTER = "filter"
    SPAM = "spam"
    SENDER = "sender"
    VIRUS = "virus"
    PERSON = "person"


class Decision(models.Model):
    """What put a message where it is. Only of messages something happened to or that were judged.

    ``why`` is what `filtering.whys.Why.as_row` gives; it has its own version, "v".
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="decision")
    kind = models.CharField(max_length=6, choices=DecisionKind.choices)
    why = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.message_id}: {self.kind}"
