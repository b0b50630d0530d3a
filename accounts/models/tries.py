"""How often something was tried; kept in the database, so that it holds without a broker."""

from __future__ import annotations

from django.db import models


class Tries(models.Model):
    """One counter of one stretch of time. ``key`` names what is counted and for whom, hashed."""

    key = models.CharField(max_length=64)
    began_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "began_at"], name="tries_once")]

    def __str__(self) -> str:
        return f"{self.count} tries"
