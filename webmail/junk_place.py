"""Whose junk mail a page is about: one's own, or that of a domain one looks after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.access import administrator, domain_for
from accounts.models import Domain, User
from accounts.reauthentication import recent
from webmail.access import person


@dataclass(frozen=True, slots=True)
class Place:
    """The owner of the settings, who asks, and how the addresses of these pages are named."""

    actor: User
    domain: Domain | None = None

    @property
    def owner(self) -> User | Domain:
        """Whose they are."""
        return self.domain or self.actor

    @property
    def is_own_domain(self) -> bool:
        """Whether it is the domain of who asks."""
        return self.domain is not None and self.domain.pk == self.actor.domain_id

    def url(self, name: str = "") -> str:
        """The address of a page of these settings: "" for the first."""
        tail = f"junk-{name}" if name else "junk"
        if self.domain is None:
            return reverse(f"settings-{tail}")
        if self.is_own_domain:
            return reverse(f"domain-{tail}")
        return reverse(f"system-domain-{tail}", args=[self.domain.pk])

    @property
    def senders_url(self) -> str:
        """Where senders are added."""
        return self.url("senders")

    @property
    def remove_url(self) -> str:
        """Where senders are removed."""
        return self.url("sender-remove")

    @property
    def forget_url(self) -> str:
        """Where what was learned is forgotten."""
        return self.url("forget")


View = Callable[[HttpRequest, Place], HttpResponse]


def mine(view: View) -> Callable[[HttpRequest], HttpResponse]:
    """The view for who asks."""

    @wraps(view)
    def own(request: HttpRequest) -> HttpResponse:
        return view(request, Place(person(request)))

    return own


def of_domain(view: View) -> Callable[..., Any]:
    """The view for a domain's administrators, who prove anew who they are: what they decide holds
    for everybody's mail."""

    @recent
    @wraps(view)
    def looked_after(request: HttpRequest, pk: int | None = None) -> HttpResponse:
        admin = administrator(request)
        return view(request, Place(admin, domain_for(admin, pk)))

    return looked_after
