"""Settings > System: what runs, what the network policy says, and which domains there are."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Domain
from accounts.reauthentication import recent
from connectivity.access import system_admin
from filtering.services import scanning
from webmail import fleet_words, network_words
from webmail.forms.domains import DomainForm
from webmail.names import domain_name
from webmail.services import domains, installation_state, people, workers


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Version, database, space, queues and workers."""
    system_admin(request)
    now = timezone.now()
    crew = workers.state(now=now)
    context = {
        "state": installation_state.state(),
        "crew": crew,
        "parts": [(part, fleet_words.queue_word(part.name)) for part in crew.parts],
        "missed": fleet_words.gone(crew, now=now),
        "audit_days": settings.AUDIT_DAYS,
        "scanners": scanning.states(),
        "today": timezone.localdate(),
    }
    return render(request, "webmail/administration/system_status.html", context)


@require_safe
def network(request: HttpRequest) -> HttpResponse:
    """What may be connected to, and whether a given address would be."""
    system_admin(request)
    asked = request.GET.get("address", "").strip()[: network_words.LONGEST]
    verdict = network_words.verdict(asked) if asked else None
    context = {
        "rules": network_words.rules(),
        "asked": asked,
        "verdict": verdict,
        "is_odd": bool(asked) and verdict is None,
    }
    return render(request, "webmail/administration/system_network.html", context)


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def new_domain(request: HttpRequest) -> HttpResponse:
    """Make a domain."""
    system_admin(request)
    form = DomainForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            name = domain_name(form.cleaned_data["name"])
        except ValidationError:
            form.add_error("name", _("That is no name of a domain. One is example.org."))
        else:
            if Domain.objects.filter(name=name).exists():
                form.add_error("name", _("%(name)s is here already.") % {"name": name})
            else:
                made = people.add_domain(name=name, now=timezone.now())
                messages.success(request, _("%(name)s is added.") % {"name": made.name})
                return redirect("system-domain", pk=made.pk)
    context = {"form": form}
    code = 422 if request.method == "POST" else 200
    return render(request, "webmail/administration/system_domain_new.html", context, status=code)


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def remove_domain(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a domain away; only an empty one."""
    system_admin(request)
    domain = get_object_or_404(Domain, pk=pk)
    if request.method == "POST":
        if domains.remove(domain, now=timezone.now()):
            messages.success(request, _("%(name)s is removed.") % {"name": domain.name})
            return redirect("system-features")
        text = _("%(name)s still has people, so it was not removed.") % {"name": domain.name}
        messages.error(request, text)
        return redirect("system-domain-remove", pk=pk)
    context = {"domain": domain, "people": domain.users.count()}
    return render(request, "webmail/administration/system_domain_remove.html", context)
