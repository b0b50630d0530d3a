"""Domain settings > Branding: the name people see, the logo, the sender of mail of the system."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import administrator
from accounts.reauthentication import recent
from webmail.forms.branding import BrandingForm
from webmail.services import branding
from webmail.views.administration.users import place_of


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def brand(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """How a domain looks to its people."""
    admin = administrator(request)
    place = place_of(admin, pk)
    domain = place.domain
    if request.method == "POST":
        form = BrandingForm(request.POST, request.FILES, domain=domain)
        if form.is_valid():
            try:
                changed = branding.change(
                    domain=domain,
                    look=form.look,
                    now=timezone.now(),
                    anywhere=admin.is_system_admin,
                )
            except ValidationError as error:
                form.take(error)
            else:
                messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
                return redirect(place.url("branding"))
        domain.refresh_from_db()
        return _page(request, {"form": form, "place": place, "domain": domain}, 422)
    form = BrandingForm(domain=domain)
    return _page(request, {"form": form, "place": place, "domain": domain}, 200)


def _page(request: HttpRequest, context: dict[str, object], status: int) -> HttpResponse:
    return render(request, "webmail/administration/branding.html", context, status=status)


@login_not_required
@require_safe
def logo(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """The logo of a domain. Another picture has another address, so this one never changes."""
    data = branding.logo(pk if pk < 2**63 else 0, name)
    if data is None:
        raise Http404
    answer = HttpResponse(data, content_type="image/png")
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
