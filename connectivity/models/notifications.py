"""What people are told of."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Notification(models.Model):
    """Something a person should know about one of their accounts.

    ``key`` names the trouble, such as ``retrieval:12``: one is open at a time, until
    ``resolved_at``. Text is made from ``cause`` and ``params`` when it is shown, which is from
    ``at`` on. The row is the queue of the mail about it as well: one is due at ``mail_at``.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    key = models.CharField(max_length=64)
    kind = models.CharField(max_length=32, help_text="A key of connectivity.notices.")
    label = models.CharField(max_length=320, blank=True)
    url = models.CharField(max_length=200, blank=True, help_text="A path of this site.")
    cause = models.CharField(max_length=40, blank=True)
    params = models.JSONField(default=dict)
    since = models.DateTimeField(default=timezone.now, help_text="Since when it lasts.")
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    mail_at = models.DateTimeField(null=True, blank=True, help_text="Null: no mail is due.")
    mailed_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["user", "-at"], name="notification_by_user"),
            models.Index(
                fields=["mail_at"],
                name="notification_mail_due",
                condition=Q(mail_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "key"],
                condition=Q(resolved_at=None),
                name="notification_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"
