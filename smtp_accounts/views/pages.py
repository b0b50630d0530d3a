"""Pages of the settings about writing, and dialogs that are pages where there is no script."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render


def dialog(
    request: HttpRequest, name: str, context: dict[str, Any], *, title: str, status: int = 200
) -> HttpResponse:
    """A dialog for the page that asked for it, else the same in a page of its own."""
    is_dialog = bool(request.headers.get("HX-Request"))
    context = {**context, "is_dialog": is_dialog, "part": name, "title": title}
    page = name if is_dialog else "smtp_accounts/dialog_page.html"
    return render(request, page, context, status=status)


def go_to(request: HttpRequest, address: str) -> HttpResponse:
    """Send the browser on after a form did its work."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)
