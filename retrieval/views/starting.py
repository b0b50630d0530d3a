"""New Retrieval Task: from an address or a tile to a form that is filled in as far as can be."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import User
from connectivity.providers import by_address, by_key
from connectivity.services import autodiscovery
from retrieval import proposals
from retrieval.forms import StartForm, TaskForm
from retrieval.proposals import Proposal
from retrieval.views import form_page
from retrieval.views.form_page import FULL, STEPS, About

ASKED = {"address", "provider", "type"}


def begin(request: HttpRequest, user: User) -> HttpResponse:
    """The step that what was asked for leads to: plain links and forms, so that Back works."""
    asked = request.GET
    if not asked.keys() & ASKED:
        # Back to this step: the address as it was typed, to be put right.
        first = StartForm(initial={"address": asked.get("was", "")})
        if "was" in asked:
            first.fields["address"].widget.attrs["autofocus"] = True
        return form_page.start(request, user, first)
    address = asked.get("address", "").strip()
    if "address" in asked and (address or not asked.keys() & {"provider", "type"}):
        start = StartForm(asked)
        if not start.is_valid():
            return form_page.start(request, user, start, status=422)
    proposal = propose(request, user, address)
    if proposal.needs_confirmation and asked.get("confirmed") != proposal.place:
        context = {
            "proposal": proposal,
            "address": address,
            "other_url": form_page.link(type=proposal.kind, address=address),
            "back_url": form_page.link(was=address),
        }
        return form_page.part(request, "retrieval/_confirm.html", context)
    return _form(request, user, proposal)


def propose(request: HttpRequest, user: User, address: str) -> Proposal:
    """What is known about the account: from the tile, by the address, or nothing."""
    asked = request.GET
    kind = asked.get("type", "")
    provider = by_key(asked.get("provider", "")) or by_address(address)
    # A type without a provider is for entering a server oneself; with "all" to change the found.
    alone = bool(kind) and "all" not in asked
    if provider is not None or not address or alone:
        return proposals.of_tile(provider, kind=kind, address=address)
    found = autodiscovery.find(address=address, user=user, now=timezone.now())
    return proposals.of_found(found, kind=kind, address=address)


def _form(request: HttpRequest, user: User, proposal: Proposal) -> HttpResponse:
    provider = proposal.provider
    layout = form_page.layout_of(
        provider, known=proposal.is_known, wanted=request.GET.get("how", "")
    )
    if layout == STEPS and request.GET.get("all"):
        layout = FULL
    form = TaskForm(initial=proposal.initial(), user=user, provider=provider)
    unknown = bool(proposal.address and not proposal.is_known)
    about = About(provider, layout=layout)
    return form_page.show(
        request,
        form,
        about,
        proposal=proposal,
        unknown=unknown,
        is_free=bool(request.GET.get("edit")),
    )
