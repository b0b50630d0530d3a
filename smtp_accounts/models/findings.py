"""What is known of addresses: whom mail came for, what the world thinks, who was met."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from mailstore.models import Message
from smtp_accounts.models.identities import Identity


class ArrivedFor(models.Model):
    """Which identity a message came for, decided when it arrived; what a reply starts with.

    ``address`` is the exact address it was sent to where that is not the identity's own, as with
    plus addresses. A decision older than the user's last change of identities is made anew.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="arrived_for")
    identity = models.ForeignKey(Identity, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=16)
    address = models.CharField(max_length=320, blank=True)
    decided_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.message_id}: {self.identity_id}"


class Alignment(models.Model):
    """What the world will think of mail from an identity: SPF, DKIM and DMARC as last seen."""

    identity = models.OneToOneField(Identity, on_delete=models.CASCADE, related_name="alignment")
    grade = models.CharField(max_length=8, blank=True, help_text="good, weak, bad or unknown.")
    facts = models.JSONField(default=dict, blank=True, help_text="What DNS said.")
    checked_at = models.DateTimeField(null=True, blank=True)
    results = models.JSONField(
        default=dict, blank=True, help_text="The last Authentication-Results on own mail."
    )
    results_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.identity_id}: {self.grade}"


class Correspondent(models.Model):
    """Somebody written to or heard from; offered while recipients are typed."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="correspondents"
    )
    address = models.CharField(max_length=320, help_text="Case folded.")
    name = models.CharField(max_length=320, blank=True)
    sent_count = models.PositiveIntegerField(default=0)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    received_count = models.PositiveIntegerField(default=0)
    last_received_at = models.DateTimeField(null=True, blank=True)
    identity = models.ForeignKey(
        Identity,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The one last written from to this address.",
    )
    is_hidden = models.BooleanField(default=False, help_text="Not to be offered any more.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "address"], name="correspondent_once"),
        ]

    def __str__(self) -> str:
        return self.address
