"""Where messages lie, and where they came from."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


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
    # Not a special use of RFC 6154: ours, for what is put off.
    SNOOZED = "snoozed", _("Snoozed")


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
    color = models.PositiveSmallIntegerField(default=0, help_text="1-6: --acct-N; 0: none.")
    is_favourite = models.BooleanField(default=False)
    is_hidden = models.BooleanField(default=False, help_text="Folded away at the end of the tree.")
    notifies = models.BooleanField(default=False, help_text="New mail here is pushed to browsers.")
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
