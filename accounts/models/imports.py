"""Lists of people that an administrator brings in; the row is the queue."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Domain


class ImportState(models.TextChoices):
    READ = "read", _("Read")
    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Done")


class PeopleImport(models.Model):
    """One list: looked at first, then brought in by a worker, then answered with a list.

    Both lists may hold passwords: they are sealed for this row, and emptied when the answer was
    taken or a day has gone by.
    """

    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="+")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    made_at = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=8, choices=ImportState.choices, default=ImportState.READ)
    key_id = models.CharField(max_length=64, blank=True)
    content = models.BinaryField(blank=True, default=b"", help_text="The list, sealed.")
    answer = models.BinaryField(blank=True, default=b"", help_text="What became of it, sealed.")
    total = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0, help_text="Lines that were gone through.")
    added = models.PositiveIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True, help_text="When the answer was taken.")

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"import of {self.made_at:%Y-%m-%d %H:%M}"
