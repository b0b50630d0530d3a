"""Settings pages that belong to the person rather than to a room."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Settings begins with the first page of its menu."""
    return redirect("settings-account")


@require_safe
def keyboard(request: HttpRequest) -> HttpResponse:
    """The keyboard map, as a dialog."""
    return render(request, "webmail/keyboard.html")


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark; without a named theme, switch to the other one."""
    return redirect("mail")


def account(request: HttpRequest) -> HttpResponse:
    """Name, language, time zone and Default From Address."""
    return render(request, "webmail/settings_account.html")


def appearance(request: HttpRequest) -> HttpResponse:
    """Theme and density."""
    return render(request, "webmail/settings_appearance.html")
