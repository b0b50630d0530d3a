"""Messages being written, their files, and texts kept for the next one."""

from __future__ import annotations

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailstore.models import Blob, Message
from smtp_accounts import former
from smtp_accounts.models.identities import Identity


class DraftKind(models.TextChoices):
    NEW = "new"
    REPLY = "reply"
    REPLY_ALL = "reply-all"
    FORWARD = "forward"


class Importance(models.TextChoices):
    """RFC 2156 section 5.3.6 (X.400), as mail programs write it."""

    HIGH = "high", _("High")
    NORMAL = "normal", _("Normal")
    LOW = "low", _("Low")


class DraftQuerySet(models.QuerySet["Draft"]):
    def open(self) -> Self:
        """Drafts still being written: neither handed to the outbox nor discarded."""
        return self.filter(submitted_at=None, discarded_at=None)


class Draft(models.Model):
    """A message being written, from one of its writer's identities.

    The row stays after sending until the message is through, so that Undo and "Edit and resend"
    give back exactly what was written. Discarding only sets a time, for the same reason.
    """

    # Made by the page that shows the empty form: two saves of one window meet in one row.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    # Emptying it would turn an external From into the local one without a word.
    identity = models.ForeignKey(Identity, on_delete=models.RESTRICT, related_name="drafts")
    from_address = models.CharField(
        max_length=320,
        blank=True,
        help_text="The exact address to write from where it is not the identity's own.",
    )
    identity_reason = models.CharField(max_length=former.LONGEST, blank=True)
    is_by_hand = models.BooleanField(
        default=False, help_text="The identity was chosen by its writer, not by the rules."
    )
    kind = models.CharField(max_length=9, choices=DraftKind.choices, default=DraftKind.NEW)
    original = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    to = models.TextField(blank=True)
    cc = models.TextField(blank=True)
    bcc = models.TextField(blank=True)
    subject = models.CharField(max_length=998, blank=True)
    body = models.TextField(blank=True, help_text="Plain text; made from the HTML where there is.")
    html = models.TextField(
        blank=True, help_text="Sanitised; empty: the message is plain text. Signature marked."
    )
    importance = models.CharField(
        max_length=6, choices=Importance.choices, default=Importance.NORMAL
    )
    wants_receipt = models.BooleanField(default=False, help_text="RFC 8098.")
    wants_dsn = models.BooleanField(default=False, help_text="RFC 3461: told when delivered.")
    send_at = models.DateTimeField(null=True, blank=True, help_text="Send later: not before.")
    remind_after = models.PositiveSmallIntegerField(
        default=0, help_text="Days after which its writer hears that nobody answered; 0: never."
    )
    version = models.PositiveIntegerField(default=0, help_text="Detects edits in another tab.")
    changed_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True, blank=True)
    discarded_at = models.DateTimeField(null=True, blank=True)

    objects = DraftQuerySet.as_manager()

    def __str__(self) -> str:
        return self.subject or "draft"


class DraftAttachment(models.Model):
    """A file waiting to be sent; its bytes are in the blob store."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="attachments")
    # A visible name: the sweep of the store asks it whether the bytes are still needed.
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="draft_attachments")
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127, default="application/octet-stream")
    size = models.BigIntegerField()
    content_id = models.CharField(
        max_length=100, blank=True, help_text="Set: it stands in the text, not among the files."
    )

    def __str__(self) -> str:
        return self.filename


class DraftUpload(models.Model):
    """A file on its way into a draft, in pieces. Its bytes lie in ``uploads/<key>`` until whole."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="uploads")
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127, blank=True)
    size = models.BigIntegerField()
    received = models.BigIntegerField(default=0)
    is_inline = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.filename


class MessageTemplate(models.Model):
    """A text to begin messages with. ``html`` is sanitised when stored."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="message_templates"
    )
    name = models.CharField(_("name"), max_length=100)
    subject = models.CharField(_("subject"), max_length=998, blank=True)
    html = models.TextField(blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="template_name_once"),
        ]

    def __str__(self) -> str:
        return self.name
