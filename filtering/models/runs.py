"""Filters applied to mail that is here already. The row is the queue."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from filtering.models.filters import Filter
from mailstore.models import Folder


class RunState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")


class FilterRun(models.Model):
    """One filter applied to a folder, or everywhere, and how far it got.

    ``definition`` is the filter as it was when it was asked for (`services.filters.frozen`), so
    that what was tried is what is applied. ``cursor`` is the id of the last message looked at;
    the run goes from the highest id that was there, ``top``, downwards.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="filter_runs"
    )
    filter = models.ForeignKey(Filter, null=True, on_delete=models.SET_NULL, related_name="runs")
    name = models.CharField(max_length=120)
    definition = models.JSONField(default=dict)
    state = models.CharField(max_length=7, choices=RunState.choices, default=RunState.WAITING)
    folder = models.ForeignKey(
        Folder,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="None: everywhere.",
    )
    is_everywhere = models.BooleanField(default=False)
    total = models.PositiveIntegerField(default=0)
    looked = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    fence = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["asked_at"],
                name="filter_run_due",
                condition=Q(state__in=["waiting", "running", "undoing"]),
            ),
            models.Index(fields=["user", "-id"], name="filter_run_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"


class RunStep(models.Model):
    """What one batch of a run changed, so that it can be undone; kept as long as that is offered.

    ``steps`` is JSON, compressed with zlib: see `filtering.services.applying`.
    """

    run = models.ForeignKey(FilterRun, on_delete=models.CASCADE, related_name="steps")
    steps = models.BinaryField()

    def __str__(self) -> str:
        return f"step {self.pk} of run {self.run_id}"
