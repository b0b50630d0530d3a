"""Dialogs that are pages where there are no scripts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render


def in_page(request: HttpRequest) -> bool:
    """Whether a script of a page asks, which swaps the answer into itself."""
    return request.headers.get("HX-Request") == "true"


def dialog(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A dialog for the page that asked for it, else the same as a page of its own; ``is_dialog``
    tells the template which."""
    frame = "webmail/_dialog_only.html" if in_page(request) else "webmail/_dialog_page.html"
    own = {"frame": frame, "is_dialog": in_page(request)}
    return render(request, template, {**context, **own}, status=status)


def go_to(request: HttpRequest, address: str) -> HttpResponse:
    """Send the browser on after a dialog did its work."""
    if in_page(request):
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)
