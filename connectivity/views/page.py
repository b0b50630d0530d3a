"""The Connectivity page."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.callers import caller_of
from accounts.models import User
from connectivity import ips, sections
from connectivity.access import administrator_of, off_by_system, person
from connectivity.sections import Section
from connectivity.services import pins


@require_safe
def connectivity(request: HttpRequest) -> HttpResponse:
    """Every section that is built and on for this user, with the health of its accounts."""
    user = person(request)
    cards, off = sections.cards(user)
    context = {
        "cards": cards,
        "absent": _absent(user, off),
        "health": sections.overall(cards),
        "pins": pins.of(user).count(),
        "here": ips.mark_of(caller_of(request)),
    }
    return render(request, "connectivity/connectivity.html", context)


def _absent(user: User, off: Sequence[Section]) -> list[dict[str, object]]:
    """What is switched off, by the level that did it, and whom to ask there (A6)."""
    levels: dict[bool, list[Section]] = {}
    for section in off:
        levels.setdefault(off_by_system(user, section.feature), []).append(section)
    return [
        {
            "sections": gone,
            "by_system": by_system,
            "administrator": administrator_of(user, of_system=by_system),
        }
        for by_system, gone in levels.items()
    ]


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The health line alone, for the page to refresh."""
    cards, _off = sections.cards(person(request))
    return render(request, "connectivity/_health.html", {"health": sections.overall(cards)})
