"""Mail that the system itself writes to addresses elsewhere; the row is the queue."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.models.people import Domain


class SystemMessage(models.Model):
    """One short text to one address. A worker of the room that sends takes it from here.

    ``body`` may hold a link that opens an account: it is emptied once the message is handed over
    or given up.
    """

    to = models.EmailField(max_length=254)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    domain = models.ForeignKey(
        Domain,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Whose sender it has.",
    )
    subject = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    message_id = models.CharField(max_length=250, unique=True)
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, blank=True, db_index=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="Of use to nobody from then on, as its link has ended."
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    server_line = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"system message {self.pk}"
