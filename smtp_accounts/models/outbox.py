"""The outbox: what goes out, to whom, and what came back about it."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailstore.models import Blob, Message
from smtp_accounts.models.accounts import SmtpAccount
from smtp_accounts.models.drafts import Draft, DraftKind
from smtp_accounts.models.identities import Identity


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
    identity = models.ForeignKey(
        Identity, null=True, blank=True, on_delete=models.SET_NULL, related_name="outbox"
    )
    is_by_hand = models.BooleanField(
        default=False, help_text="Its writer chose the From; the conversation goes on from there."
    )
    is_scheduled = models.BooleanField(default=False, help_text="Send later, not undo.")
    wants_dsn = models.BooleanField(default=False, help_text="RFC 3461: told when delivered.")
    remind_after = models.PositiveSmallIntegerField(default=0, help_text="As its draft has it.")
    is_automatic = models.BooleanField(
        default=False, help_text="Nobody's words (RFC 3834): no return path where that is taken."
    )
    draft = models.ForeignKey(
        Draft,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="outbox",
        help_text="What it was built from, kept until the message is through.",
    )
    draft_key = models.UUIDField(
        null=True,
        blank=True,
        db_index=True,
        editable=False,
        help_text="Of the window it was sent from, which sends nothing else.",
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
            # Every message that comes in may be a report about one, or a copy of one.
            models.Index(fields=["user", "message_id"], name="outbox_by_message_id"),
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
            # Of everybody, newest first: what administrators read.
            models.Index(fields=["-created_at", "-id"], name="outbox_log"),
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
    field = models.CharField(max_length=3, default="to", help_text="to, cc or bcc.")
    delayed_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=16, blank=True, help_text="RFC 3463, as reported back.")
    report_text = models.TextField(blank=True, help_text="The reporting server's words.")
    displayed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["outbox", "address"], name="recipient_once"),
        ]

    def __str__(self) -> str:
        return self.address


class ReturnKind(models.TextChoices):
    """What comes back about a message: a delivery report (RFC 3464) or a receipt (RFC 8098)."""

    DSN = "dsn"
    MDN = "mdn"


class ReturnedReport(models.Model):
    """A report that arrived. The row is the queue: ``read_at`` null means not looked into yet."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="report")
    kind = models.CharField(max_length=3, choices=ReturnKind.choices)
    outbox = models.ForeignKey(
        OutboxMessage, null=True, blank=True, on_delete=models.SET_NULL, related_name="reports"
    )
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="report_unread", condition=Q(read_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.message_id}"
