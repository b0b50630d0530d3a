"""What a mailbox is: folders, messages, and the bytes they stand for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Segment(models.Model):
    """One append-only file of compressed message bodies, synced once when sealed.

    A sync per message costs more than the rest of a pull, so bodies that arrive together share
    a file. ``name`` is relative to the blob folder.
    """

    name = models.CharField(max_length=64, unique=True)
    size = models.BigIntegerField(help_text="Bytes on disk.")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class Blob(models.Model):
    """A message body exactly as received, addressed by the SHA-256 of its bytes."""

    sha256 = models.BinaryField(max_length=32, unique=True)
    size = models.BigIntegerField(help_text="Bytes as received.")
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="blobs")
    offset = models.BigIntegerField()
    stored_size = models.BigIntegerField(help_text="Bytes in the segment, after the record header.")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return bytes(self.sha256).hex()


class Source(models.Model):
    """Where mail came from: the name, address and colour shown beside it.

    It outlives the retrieval task that made it, so imported mail keeps its "via" line (A50).
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sources"
    )
    name = models.CharField(max_length=100)
    address = models.CharField(max_length=320, blank=True)
    color = models.PositiveSmallIntegerField(default=1, help_text="1-6: --acct-N in tokens.css.")

    def __str__(self) -> str:
        return self.name


class FolderRole(models.TextChoices):
    """Special uses (RFC 6154) that a folder of every user has exactly once."""

    INBOX = "inbox", _("Inbox")
    DRAFTS = "drafts", _("Drafts")
    SENT = "sent", _("Sent")
    ARCHIVE = "archive", pgettext_lazy("the folder", "Archive")
    JUNK = "junk", _("Junk")
    TRASH = "trash", _("Deleted Items")


class Folder(models.Model):
    """A folder of one user. Counters change in the transaction that changes the messages."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="folders"
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="children"
    )
    name = models.CharField(_("name"), max_length=255)
    role = models.CharField(max_length=8, choices=FolderRole.choices, blank=True)
    source = models.ForeignKey(
        Source, null=True, blank=True, on_delete=models.SET_NULL, related_name="folders"
    )
    total = models.IntegerField(default=0)
    unread = models.IntegerField(default=0)
    size = models.BigIntegerField(default=0, help_text="Sum of message sizes in bytes.")
    modseq = models.BigIntegerField(default=0, help_text="Rises with every change in the folder.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "parent", "name"], name="folder_unique_in_parent"
            ),
            models.UniqueConstraint(
                fields=["user", "name"], condition=Q(parent=None), name="folder_unique_at_root"
            ),
            models.UniqueConstraint(
                fields=["user", "role"], condition=~Q(role=""), name="folder_role_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """Its name as people read it: of a special folder its role, in the reader's language."""
        return str(FolderRole(self.role).label) if self.role else self.name


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
        ]

    def __str__(self) -> str:
        return self.subject or f"message {self.pk}"
