"""Sending through third-party accounts: SMTP accounts, drafts and the outbox."""

from __future__ import annotations

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connectivity.models import Credential
from mailstore.models import Blob, Message, Source


class Encryption(models.TextChoices):
    """What the user chooses (A21): SSL is implicit TLS, TLS is STARTTLS."""

    NONE = "none", _("None")
    SSL = "ssl", _("SSL")
    TLS = "tls", _("TLS")


class SmtpAccount(models.Model):
    """An external account to send through; one entry of Send From."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="smtp_accounts"
    )
    source = models.ForeignKey(
        Source,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="smtp_accounts",
        help_text="The paired retrieval account, for its colour and for replies.",
    )
    display_name = models.CharField(_("display name"), max_length=200, blank=True)
    host = models.CharField(_("server address"), max_length=253)
    port = models.PositiveIntegerField(_("server port"), default=25)
    encryption = models.CharField(max_length=4, choices=Encryption.choices, default=Encryption.NONE)
    email = models.EmailField(_("email address"), max_length=254)
    use_authentication = models.BooleanField(_("enable authentication"), default=True)
    username = models.CharField(_("username"), max_length=320, blank=True)
    credential = models.ForeignKey(
        # RESTRICT, not PROTECT: deleting a user takes both, deleting a credential alone may not.
        Credential,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    is_default_from = models.BooleanField(default=False)
    cause = models.CharField(max_length=40, blank=True, help_text="Cause id of the last failure.")
    cause_text = models.TextField(blank=True)
    server_line = models.TextField(blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    last_failed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(is_default_from=True), name="default_from_once"
            ),
        ]

    def __str__(self) -> str:
        return self.email


class DraftKind(models.TextChoices):
    NEW = "new"
    REPLY = "reply"
    REPLY_ALL = "reply-all"
    FORWARD = "forward"


class DraftQuerySet(models.QuerySet["Draft"]):
    def open(self) -> Self:
        """Drafts still being written: neither handed to the outbox nor discarded."""
        return self.filter(submitted_at=None, discarded_at=None)


class Draft(models.Model):
    """A message being written. ``account`` null means the user's own local address.

    The row stays after sending until the message is through, so that Undo and "Edit and resend"
    give back exactly what was written. Discarding only sets a time, for the same reason.
    """

    # Made by the page that shows the empty form: two saves of one window meet in one row.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    account = models.ForeignKey(
        # Emptying it would turn an external From into the local one without a word.
        SmtpAccount,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="drafts",
    )
    kind = models.CharField(max_length=9, choices=DraftKind.choices, default=DraftKind.NEW)
    original = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    to = models.TextField(blank=True)
    cc = models.TextField(blank=True)
    bcc = models.TextField(blank=True)
    subject = models.CharField(max_length=998, blank=True)
    body = models.TextField(blank=True, help_text="Plain text.")
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

    def __str__(self) -> str:
        return self.filename


class OutboxState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    RETRY = "retry", _("Will be tried again")
    REFUSED = "refused", _("Refused")
    UNKNOWN = "unknown", _("Not certain")
    CANCELLED = "cancelled", _("Cancelled")


class OutboxQuerySet(models.QuerySet["OutboxMessage"]):
    def shown(self) -> Self:
        """What the outbox shows: everything that is not through or was not put away."""
        return self.filter(dismissed_at=None).exclude(
            state__in=(OutboxState.SENT, OutboxState.CANCELLED)
        )


class OutboxMessage(models.Model):
    """One outgoing message with frozen bytes and a fixed Message-ID. The row is the queue."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="outbox"
    )
    account = models.ForeignKey(
        SmtpAccount, null=True, blank=True, on_delete=models.SET_NULL, related_name="outbox"
    )
    is_local_from = models.BooleanField(
        default=False, help_text="From the user's own address; never set as a fall-back."
    )
    draft = models.ForeignKey(
        Draft,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="outbox",
        help_text="What it was built from, kept until the message is through.",
    )
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="outbox")
    message_id = models.CharField(max_length=998)
    from_address = models.CharField(max_length=320)
    subject = models.TextField(blank=True)
    original = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    kind = models.CharField(max_length=9, choices=DraftKind.choices, default=DraftKind.NEW)
    state = models.CharField(max_length=9, choices=OutboxState.choices, default=OutboxState.QUEUED)
    dot_sent_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Committed before the final dot goes out: after a crash, unknown and not resent.",
    )
    not_before = models.DateTimeField(default=timezone.now)
    due_since = models.DateTimeField(
        default=timezone.now, help_text="Tries go on for 48 hours from here."
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=40, blank=True)
    cause_text = models.TextField(blank=True)
    server_line = models.TextField(blank=True)
    sent_copy = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    sent_copied_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(
        null=True, blank=True, help_text="The user has seen how it ended."
    )

    objects = OutboxQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["not_before"],
                name="outbox_due",
                condition=Q(state__in=["queued", "retry", "sending"]),
            ),
            models.Index(
                fields=["id"],
                name="outbox_uncopied",
                condition=Q(state="sent", sent_copied_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.subject or self.message_id


class RecipientState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    ACCEPTED = "accepted", _("Accepted")
    DEFERRED = "deferred", _("Will be tried again")
    REFUSED = "refused", _("Refused")
    UNKNOWN = "unknown", _("Not certain")


class OutboxRecipient(models.Model):
    """One envelope recipient and what became of it."""

    outbox = models.ForeignKey(OutboxMessage, on_delete=models.CASCADE, related_name="recipients")
    address = models.CharField(max_length=320)
    state = models.CharField(
        max_length=8, choices=RecipientState.choices, default=RecipientState.PENDING
    )
    reply = models.TextField(blank=True, help_text="The server's words, redacted.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["outbox", "address"], name="recipient_once"),
        ]

    def __str__(self) -> str:
        return self.address
