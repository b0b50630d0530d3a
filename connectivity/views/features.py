"""What administrators switch: the features of one domain, and those of the whole installation."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Domain, User
from accounts.reauthentication import recent
from connectivity import policies
from connectivity.access import domain_admin, system_admin
from connectivity.models import Feature
from connectivity.services import features

DOMAINS_A_PAGE = 25
#: What a form may ask a switch to be; None is to have none on this level.
_TO = {"on": True, "off": False, "default": None}


@require_http_methods(["GET", "HEAD", "POST"])
def domain(request: HttpRequest) -> HttpResponseBase:
    """Settings > Domain settings: what the people of one's own domain may do (A173)."""
    admin = domain_admin(request)
    return _page(request, admin.domain, by=admin, address=reverse("domain-settings"))


@require_http_methods(["GET", "HEAD", "POST"])
def domain_of(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The same page of any domain, for a system administrator."""
    admin = system_admin(request)
    one = get_object_or_404(Domain, pk=pk)
    return _page(request, one, by=admin, address=reverse("system-domain", args=[pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def system(request: HttpRequest) -> HttpResponseBase:
    """Settings > Features: the switches above those of every domain (A7), and the domains."""
    admin = system_admin(request)
    return _page(request, None, by=admin, address=reverse("system-features"))


def _page(
    request: HttpRequest, domain: Domain | None, *, by: User, address: str
) -> HttpResponseBase:
    """Show the switches of one level, or change one of them."""
    context: dict[str, object] = {"domain": domain, "address": address}
    if request.method == "POST":
        return _changed(request, context, domain, by)
    if "feature" in request.GET:
        return _sure(request, context, domain)
    context["lines"] = policies.lines(domain)
    if domain is None:
        context |= _domains(request)
    else:
        context["people"] = domain.users.count()
    return render(request, "connectivity/features.html", context)


@recent
def _changed(
    request: HttpRequest, context: dict[str, object], domain: Domain | None, by: User
) -> HttpResponse:
    """Change a switch; whoever sits down at an open browser cannot.

    What stops somebody's mail is asked for once more, with how much it stops.
    """
    address, in_page = str(context["address"]), bool(request.headers.get("HX-Request"))
    feature = request.POST.get("feature", "")
    if "sure" not in request.POST and _ending(request.POST, domain):
        asked = {name: request.POST[name] for name in ("feature", "enabled")}
        address = f"{address}?{urlencode(asked)}"
        return HttpResponse(headers={"HX-Redirect": address}) if in_page else redirect(address)
    said = _switch(request, domain, by=by)
    if not in_page:
        messages.info(request, said)
        # The keyboard goes on at the switch it was at.
        return redirect(f"{address}#s-{feature}" if feature in Feature.values else address)
    context["lines"] = policies.lines(domain)
    answer = render(request, "connectivity/_policies.html", context)
    answer.headers["HX-Trigger"] = json.dumps({"toast": {"text": said}})
    return answer


@recent
def _sure(request: HttpRequest, context: dict[str, object], domain: Domain | None) -> HttpResponse:
    """Ask whether it is meant; nothing to ask where nothing would stop, or no more."""
    ending = _ending(request.GET, domain)
    if ending is None:
        return redirect(str(context["address"]))
    feature, wanted = Feature(request.GET["feature"]), request.GET["enabled"]
    context |= {"feature": feature, "wanted": wanted, "ending": ending}
    return render(request, "connectivity/feature_sure.html", context)


def _ending(asked: QueryDict, domain: Domain | None) -> policies.Ending | None:
    """What would stop, if the switch were changed as asked."""
    wanted, feature = asked.get("enabled", ""), asked.get("feature", "")
    if feature not in Feature.values or wanted not in _TO:
        return None
    return policies.ending(domain, feature, _TO[wanted])


def _switch(request: HttpRequest, domain: Domain | None, *, by: User) -> str:
    """Do what the form asks for; what is said about it."""
    wanted, feature = request.POST.get("enabled"), request.POST.get("feature", "")
    if feature not in Feature.values or wanted not in _TO:
        return _("Nothing was changed.")
    label = Feature(feature).label
    if domain and _is_off_above(feature):
        return _("%(feature)s is off for the whole system.") % {"feature": label}
    values = {"feature": label, "domain": domain.name if domain else ""}
    if wanted == "default":
        features.clear_switch(domain, feature)
        return _("%(feature)s follows the default again.") % values
    features.set_switch(domain, feature, wanted == "on", by=by, now=timezone.now())
    if domain is None:
        return (
            _("%(feature)s is on for every domain that wants it.") % values
            if wanted == "on"
            else _("%(feature)s is switched off everywhere.") % values
        )
    return (
        _("%(feature)s is on for %(domain)s.") % values
        if wanted == "on"
        else _("%(feature)s is switched off for %(domain)s.") % values
    )


def _is_off_above(feature: str) -> bool:
    above = features.switches(None).get(feature)
    return above is not None and not above.enabled


def _domains(request: HttpRequest) -> dict[str, object]:
    """The domains whose name holds what is searched for, a page of them."""
    query = request.GET.get("q", "").strip()[:253]
    rows = Domain.objects.annotate(people=Count("users")).order_by("name")
    rows = rows.filter(name__icontains=query)
    page = Paginator(rows, DOMAINS_A_PAGE).get_page(request.GET.get("page"))
    decided = features.own(list(page.object_list))
    return {"q": query, "page": page, "rows": [(one, decided[one.pk]) for one in page.object_list]}
