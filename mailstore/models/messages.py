"""Messages."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from mailstore.models.blobs import Blob
from mailstore.models.folders import Folder, Source
from mailstore.models.threads import Thread


class Message(models.Model):
    """One message in one folder. Everything but the blob, place and flags is derived from it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="messages"
    )
    folder = models.ForeignKey(Folder, on_delete=models.PROTECT, related_name="messages")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="messages")
    source = models.ForeignKey(
        Source, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages"
    )
    # None: it waits for its conversation to be found, and stands alone until then.
    thread = models.ForeignKey(
        Thread, null=True, on_delete=models.SET_NULL, related_name="messages", db_index=False
    )
    # When it arrived (INTERNALDATE, RFC 3501 section 2.3.3); lists are ordered by it.
    sort_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, help_text="The Date header, where readable.")
    stored_at = models.DateTimeField(default=timezone.now)

    is_seen = models.BooleanField(default=False)
    is_flagged = models.BooleanField(default=False)
    is_answered = models.BooleanField(default=False)
    is_forwarded = models.BooleanField(default=False)
    is_draft = models.BooleanField(default=False)
    keywords = models.JSONField(default=list, blank=True)

    message_id = models.CharField(max_length=998, blank=True)
    in_reply_to = models.CharField(max_length=998, blank=True)
    references = models.TextField(blank=True)
    from_name = models.CharField(max_length=320, blank=True)
    from_address = models.CharField(max_length=320, blank=True)
    to_text = models.TextField(blank=True, help_text="To and Cc as shown in lists.")
    subject = models.TextField(blank=True)
    snippet = models.CharField(max_length=240, blank=True)
    size = models.BigIntegerField(help_text="Bytes as received.")
    has_attachments = models.BooleanField(default=False)
    is_backfill = models.BooleanField(
        default=False, help_text="Came with a first pass or an import: no notifications."
    )
    is_indexed = models.BooleanField(default=False)
    modseq = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["folder", "-sort_at", "-id"], name="message_list"),
            models.Index(
                fields=["folder", "-sort_at", "-id"],
                name="message_list_unread",
                condition=Q(is_seen=False),
            ),
            models.Index(fields=["user", "-sort_at", "-id"], name="message_all"),
            models.Index(fields=["id"], name="message_unindexed", condition=Q(is_indexed=False)),
            models.Index(fields=["user", "message_id"], name="message_by_message_id"),
            models.Index(
                fields=["thread", "folder", "-sort_at", "-id"],
                name="message_thread",
                condition=Q(thread__isnull=False),
            ),
            models.Index(fields=["id"], name="message_unthreaded", condition=Q(thread=None)),
            # Of messages above a megabyte alone (mailstore.services.usage).
            models.Index(
                fields=["user", "-size", "-id"],
                name="message_large",
                condition=Q(size__gt=1024 * 1024),
            ),
        ]

    def __str__(self) -> str:
        return self.subject or f"message {self.pk}"
