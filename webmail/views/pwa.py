"""What makes the site an application of a browser's: manifest, service worker, offline page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from webmail import worker as worker_source

#: The colours behind the pages, as tokens.css has them for --bg.
LIGHT, DARK = "#f3f5f6", "#101315"


@require_safe
@login_not_required
def manifest(request: HttpRequest) -> JsonResponse:
    """The web application manifest (W3C), in the language the browser asks for."""
    icons = [
        {"src": static(f"icons/app-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, 512)
    ]
    icons.append(
        {
            "src": static("icons/app-maskable-512.png"),
            "sizes": "512x512",
            "type": "image/png",
            "purpose": "maskable",
        }
    )
    answer = {
        "id": "/",
        "name": "Tributary",
        "short_name": "Tributary",
        "description": _("All your mail in one place."),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": LIGHT,
        "theme_color": LIGHT,
        "icons": icons,
        "shortcuts": [
            {"name": _("Write a message"), "url": reverse("compose")},
            {"name": _("Starred"), "url": reverse("mail-starred")},
        ],
    }
    return JsonResponse(answer, content_type="application/manifest+json")


@require_safe
@login_not_required
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It lies at the root, as it may only look after what is below it."""
    answer = HttpResponse(worker_source.script(), content_type="text/javascript")
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
@login_not_required
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown without a network, where nothing else is kept."""
    return render(request, "webmail/offline.html")
