"""Senders that are always let in or never."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Domain
from filtering.models.owning import one_owner


class SenderRule(models.Model):
    """An address, or everybody of a domain ("@example.org"), allowed or blocked; casefolded."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sender_rules"
    )
    domain = models.ForeignKey(
        Domain, null=True, on_delete=models.CASCADE, related_name="sender_rules"
    )
    sender = models.CharField(max_length=320)
    is_allowed = models.BooleanField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            one_owner("sender_rule_one_owner"),
            models.UniqueConstraint(
                fields=["user", "sender"],
                condition=Q(user__isnull=False),
                name="sender_rule_once_for_person",
            ),
            models.UniqueConstraint(
                fields=["domain", "sender"],
                condition=Q(domain__isnull=False),
                name="sender_rule_once_for_domain",
            ),
        ]

    def __str__(self) -> str:
        return f"{'+' if self.is_allowed else '-'}{self.sender}"
