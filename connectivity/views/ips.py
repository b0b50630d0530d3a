"""Every sign-in of the last days, and what to do about one that is not one's own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.callers import caller_of
from connectivity import ips
from connectivity.access import administrator_of, person

# Nobody reads further; each page before it would have to be counted off.
_LAST = 999


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All of them, newest first; ``show=refused``: those that did not get in; ``q``: a search."""
    user, now = person(request), timezone.now()
    query = " ".join(request.GET.get("q", "").replace("\0", "").split())[:100]
    is_in = request.GET.get("show") != "refused"
    wanted = request.GET.get("page", "")
    page = min(int(wanted), _LAST) if wanted.isascii() and wanted.isdecimal() else 0
    lines, has_more = ips.listed(user, query=query, is_in=is_in, page=page, now=now)
    context = {
        "lines": lines,
        "query": query,
        "is_in": is_in,
        "knew_password": any(line.knew_password for line in lines),
        "refused": ips.refused(user, now=now),
        "page": page,
        "older": page + 1 if has_more else 0,
        "here": ips.mark_of(caller_of(request)),
        "administrator": administrator_of(user),
    }
    return render(request, "connectivity/ips.html", context)
