"""The Connectivity page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from connectivity import sections
from connectivity.access import administrator_of, person
from connectivity.services import pins


@require_safe
def connectivity(request: HttpRequest) -> HttpResponse:
    """Every section that is built and on for this user, with the health of its accounts."""
    user = person(request)
    cards, off = sections.cards(user)
    context = {
        "cards": cards,
        "off": off,
        "administrator": administrator_of(user) if off else None,
        "health": sections.overall(cards),
        "pins": pins.of(user).count(),
    }
    return render(request, "connectivity/connectivity.html", context)


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The health line alone, for the page to refresh."""
    cards, _off = sections.cards(person(request))
    return render(request, "connectivity/_health.html", {"health": sections.overall(cards)})
