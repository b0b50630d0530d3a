"""What a filter forwards. The row is the queue; `smtp_accounts`, above, sends it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailstore.models import Message


class ForwardState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    REFUSED = "refused", _("Not forwarded")


class ForwardDue(models.Model):
    """A message that is to go to somebody else, and whose filter said so."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="forwards_due")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="forwards_due"
    )
    to = models.CharField(max_length=320)
    filter_name = models.CharField(max_length=120)
    state = models.CharField(
        max_length=7, choices=ForwardState.choices, default=ForwardState.WAITING
    )
    cause = models.CharField(max_length=40, blank=True, help_text="Why it was not forwarded.")
    tries = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "to"], name="forward_once"),
        ]
        indexes = [
            models.Index(fields=["next_at"], name="forward_due", condition=Q(state="waiting")),
            models.Index(fields=["user", "made_at"], name="forward_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} to somebody: {self.state}"
