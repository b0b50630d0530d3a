"""The bytes of messages."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


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
