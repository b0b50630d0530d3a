"""Labels, and which messages bear them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from mailstore.models.messages import Message


class Label(models.Model):
    """A word with a colour that a person puts on messages, whatever folder they lie in."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="labels"
    )
    name = models.CharField(_("name"), max_length=60)
    color = models.PositiveSmallIntegerField(default=1, help_text="1-6: --acct-N in tokens.css.")

    class Meta:
        constraints = [
            models.UniqueConstraint("user", Lower("name"), name="label_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class MessageLabel(models.Model):
    """A label on a message. ``sort_at`` is the message's, so that a label's list has an index."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="marks")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="marks")
    sort_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "label"], name="message_label_once"),
        ]
        indexes = [
            models.Index(fields=["label", "-sort_at", "-message"], name="message_label_list"),
        ]

    def __str__(self) -> str:
        return f"{self.label_id} on {self.message_id}"
