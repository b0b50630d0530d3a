"""The mail screen."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """All inboxes."""
    return render(request, "webmail/mail.html")
