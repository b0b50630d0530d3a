"""Words under a message."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailstore.models import Blob


class Signature(models.Model):
    """Words under a message. ``html`` is sanitised when stored; its text is made from it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="signatures"
    )
    name = models.CharField(_("name"), max_length=100)
    html = models.TextField(blank=True)
    is_default = models.BooleanField(
        default=False, help_text="Of every identity that has no choice of its own."
    )
    in_replies = models.BooleanField(_("in replies and forwards, too"), default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(is_default=True), name="default_signature_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SignatureImage(models.Model):
    """A picture in a signature, named in its HTML by ``cid:`` and this content id."""

    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="images")
    # A visible name: the sweep of the store asks it whether the bytes are still needed.
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="signature_images")
    content_id = models.CharField(max_length=100)
    content_type = models.CharField(max_length=127)
    size = models.BigIntegerField()

    def __str__(self) -> str:
        return self.content_id
