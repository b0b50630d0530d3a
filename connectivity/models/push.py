"""Browsers that want to be told of new mail."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class PushSubscription(models.Model):
    """One browser of one person (W3C Push API): where it is reached and what it reads with."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_subscriptions"
    )
    endpoint = models.CharField(max_length=1000, unique=True)
    key = models.BinaryField(max_length=65, help_text="Its public key, an uncompressed point.")
    auth = models.BinaryField(max_length=16)
    shows_text = models.BooleanField(
        default=False, help_text="Tells sender and subject, not only that there is mail."
    )
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row.")
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"a browser of {self.user_id}"


class PushDue(models.Model):
    """A message its owner is to be told of. A hint: whoever loses it loses no mail."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # No foreign key: what is gone by then is not told, and nothing has to be looked up for that.
    message = models.BigIntegerField(help_text="The message's id.")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"message {self.message}"
