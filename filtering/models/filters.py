"""Content filters, as a person or a domain wrote them."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Domain
from filtering.models.owning import one_owner


class Match(models.TextChoices):
    ALL = "all", pgettext_lazy("conditions", "all of them")
    ANY = "any", pgettext_lazy("conditions", "any of them")


class FilterQuerySet(models.QuerySet["Filter"]):
    def owned_by(self, owner: models.Model) -> Self:
        """Those of a person or of a domain, in the order they are applied."""
        whose = {"domain": owner} if isinstance(owner, Domain) else {"user": owner}
        return self.filter(**whose).order_by("position", "pk")


class Filter(models.Model):
    """Conditions and what is done to a message that meets them.

    ``conditions`` is a list of `filtering.conditions.Condition.as_row`, ``actions`` a list of
    `filtering.actions.Action.as_row`. Those of a domain run before those of its people.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="filters"
    )
    domain = models.ForeignKey(Domain, null=True, on_delete=models.CASCADE, related_name="filters")
    position = models.PositiveIntegerField(default=0)
    name = models.CharField(_("name"), max_length=120)
    is_on = models.BooleanField(_("on"), default=True)
    match = models.CharField(max_length=3, choices=Match.choices, default=Match.ALL)
    conditions = models.JSONField(default=list)
    actions = models.JSONField(default=list)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = FilterQuerySet.as_manager()

    class Meta:
        constraints = [one_owner("filter_one_owner")]
        indexes = [
            models.Index(fields=["user", "position"], name="filter_of_person"),
            models.Index(fields=["domain", "position"], name="filter_of_domain"),
        ]

    def __str__(self) -> str:
        return self.name
