"""How much the people of a domain, or of the whole installation, may have and do."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Domain


class Limits(models.Model):
    """Of one domain, or above all of them where ``domain`` is null. Null means no limit here.

    A domain has two rows at most: what its administrators set, and above that what those of the
    system set for it. The most restrictive level wins, as with the feature switches (A211).
    """

    domain = models.ForeignKey(
        Domain, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    is_ceiling = models.BooleanField(
        default=False, help_text="Set for the domain by the system: it can only be stricter."
    )
    tasks = models.PositiveIntegerField(_("retrieval tasks of one person"), null=True, blank=True)
    interval = models.PositiveIntegerField(
        _("seconds between automatic retrievals, at least"),
        null=True,
        blank=True,
        validators=[MinValueValidator(5)],
    )
    message_size = models.BigIntegerField(
        _("bytes of one message sent"), null=True, blank=True, validators=[MinValueValidator(65536)]
    )
    daily_sends = models.PositiveIntegerField(
        _("messages one person sends in a day"), null=True, blank=True
    )
    quota = models.BigIntegerField(
        _("bytes of one person's mail"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1024 * 1024)],
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(domain=None), name="limits_once_for_system"
            ),
            models.UniqueConstraint(fields=["domain", "is_ceiling"], name="limits_once_a_level"),
        ]

    def __str__(self) -> str:
        return f"limits of {self.domain or 'the system'}"
