"""Whoever signs in with a password somebody else chose, chooses one before anything else."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse

#: What such a person reaches: the question itself, the way out, and what a browser keeps of us.
_OPEN: Final = frozenset(
    {"choose-password", "sign-out", "healthz", "readyz", "manifest", "service-worker", "offline"}
)


def first_of_all(request: HttpRequest) -> HttpResponse | None:
    """Where to go instead of the page that was asked for; None where it may be shown."""
    try:
        if resolve(request.path_info).url_name in _OPEN:
            return None
    except Resolver404:
        pass
    address = reverse("choose-password")
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)
