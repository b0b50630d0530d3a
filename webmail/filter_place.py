"""Whose filters a page is about: one's own, or those of a domain one looks after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.access import administrator, domain_for
from accounts.models import Domain, User
from accounts.reauthentication import recent
from filtering.conditions import Field
from filtering.models import Filter
from mailstore.models import Source
from mailstore.services import labels
from webmail import screen
from webmail.access import person
from webmail.filter_words import DOES, FIELDS, PLACES, PROOFS

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Place:
    """The owner of the filters, who asks, and how the addresses of these pages are named."""

    actor: User
    domain: Domain | None = None

    @property
    def owner(self) -> User | Domain:
        """Whose filters they are."""
        return self.domain or self.actor

    @property
    def is_own_domain(self) -> bool:
        """Whether it is the domain of who asks."""
        return self.domain is not None and self.domain.pk == self.actor.domain_id

    def url(self, name: str = "", *args: Any) -> str:
        """The address of a page of these filters: "" for the list."""
        tail = f"-{name}" if name else ""
        if self.domain is None:
            return reverse(f"filters{tail}", args=args)
        if self.is_own_domain:
            return reverse(f"domain-filters{tail}", args=args)
        return reverse(f"system-domain-filters{tail}", args=[self.domain.pk, *args])

    @property
    def list_url(self) -> str:
        """The list."""
        return self.url()

    @property
    def new_url(self) -> str:
        """Where one is made."""
        return self.url("new")

    @property
    def order_url(self) -> str:
        """Where an order is sent to."""
        return self.url("order")

    def filter(self, key: int) -> Filter:
        """One of these filters. Raises `Http404`, also for one of somebody else."""
        whose = {"domain": self.domain} if self.domain else {"user": self.actor}
        return get_object_or_404(Filter, pk=key if key < 2**63 else 0, **whose)

    def choices(self) -> dict[str, Any]:
        """What the lines of a form offer: fields, actions, folders, labels, accounts."""
        found = {
            "fields": [(str(key), words) for key, words in FIELDS.items()],
            "does": [(str(key), words) for key, words in DOES.items()],
            "proofs": list(PROOFS.items()),
        }
        if self.domain is not None:
            no_account = [one for one in found["fields"] if one[0] != Field.ACCOUNT]
            no_forward = [one for one in found["does"] if one[0] != "forward"]
            places = list(PLACES.items())
            return {**found, "fields": no_account, "does": no_forward, "folders": places}
        targets = screen.desk(self.actor).tree.targets
        return {
            **found,
            "folders": [(str(one.folder.pk), one.path) for one in targets],
            "labels": [(str(one.pk), one.name) for one in labels.everyone(self.actor)],
            "sources": [
                (str(one.pk), one.name)
                for one in Source.objects.filter(user=self.actor).order_by("name", "pk")
            ],
        }

    def names(self) -> dict[str, str]:
        """What filters may name, as `filtering.services.filters.Listed.names` has it."""
        offered = self.choices()
        kinds = (("folder", "folders"), ("label", "labels"), ("source", "sources"))
        return {
            f"{kind}:{key}": str(words)
            for kind, name in kinds
            for key, words in offered.get(name, ())
        }


View = Callable[Concatenate[HttpRequest, Place, P], HttpResponse]


def mine(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """The view for the filters of who asks."""

    @wraps(view)
    def own(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, Place(person(request)), *args, **kwargs)

    return own


def of_domain(view: View[P]) -> Callable[..., HttpResponse]:
    """The view for the filters of a domain, for its administrators, who prove anew who they are:
    these filters decide about everybody's mail."""

    @recent
    @wraps(view)
    def looked_after(request: HttpRequest, /, pk: int | None = None, **kwargs: Any) -> HttpResponse:
        admin = administrator(request)
        return view(request, Place(admin, domain_for(admin, pk)), **kwargs)  # type: ignore[call-arg] # the keys of its address

    return looked_after  # type: ignore[return-value] # `recent` says less
