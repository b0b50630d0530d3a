"""The form of a task as a page or a dialog, whoever shows it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.models import Role, User
from connectivity import report as reports
from connectivity.access import administrator_of
from connectivity.causes import Explained, explain_cause
from connectivity.models import AccountDraft
from connectivity.oauth_providers import OAUTH_PROVIDERS
from connectivity.providers import OAUTH, PROVIDERS, Provider, Server, name_of
from connectivity.running import running
from connectivity.services import clients, pins
from connectivity.services import signing_in as sign_ins
from connectivity.views.returning import takes_redirects
from protocols.check import STAGES, CheckStage
from retrieval.forms import StartForm, TaskForm
from retrieval.models import RetrievalTask, TaskType
from retrieval.proposals import PORTS, Proposal
from retrieval.services import allowance
from retrieval.services.accounts import Outcome, TaskValues

#: How the fields are laid out: all of them in their order (A205), or an account first and then
#: how to retrieve it, or no password at all (A94).
FULL, STEPS, SIGN_IN = "full", "steps", "sign-in"
#: The halves of the layout in steps, and what is asked for in the first.
ACCOUNT, OPTIONS = "account", "options"
FIRST = {"username", "email", "password"}


@dataclass(frozen=True, slots=True)
class About:
    """What a form is about: one of these at most is a stored task."""

    provider: Provider | None = None
    task: RetrievalTask | None = None
    draft: AccountDraft | None = None
    layout: str = FULL

    @property
    def signs_in_there(self) -> bool:
        """Whether the next thing is a sign-in at the provider."""
        return self.layout == SIGN_IN


@dataclass(frozen=True, slots=True)
class Tried:
    """What a button has led to; ``tried`` is test or save."""

    outcome: Outcome
    values: TaskValues
    tried: str
    context: dict[str, Any] = field(default_factory=dict)


def layout_of(provider: Provider | None, *, known: bool, wanted: str = "") -> str:
    """Steps where nobody has to look up a server; a sign-in where the provider wants that.

    Where a sign-in is an extra beside an app password, only if it is ``wanted`` (A204).
    """
    if provider is not None and (provider.auth == OAUTH or (provider.oauth and wanted == SIGN_IN)):
        return SIGN_IN
    return STEPS if known else FULL


def is_dialog(request: HttpRequest) -> bool:
    """Whether htmx asked, and gets a dialog; everybody else gets a page."""
    return bool(request.headers.get("HX-Request"))


def part(
    request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A part of the page alone for htmx, in a page for everybody else."""
    dialog = is_dialog(request)
    context |= {"is_dialog": dialog, "part": name}
    return render(request, name if dialog else "retrieval/new.html", context, status=status)


def start(request: HttpRequest, user: User, form: StartForm, *, status: int = 200) -> HttpResponse:
    """Step 1: the address, or a provider; where there is no room for a task that is said first."""
    context = {"form": form, "providers": PROVIDERS, "full": allowance.problem(user)}
    return part(request, "retrieval/_start.html", context, status=status)


def show(
    request: HttpRequest,
    form: TaskForm,
    about: About,
    *,
    status: int = 200,
    tried: Tried | None = None,
    proposal: Proposal | None = None,
    **context: Any,
) -> HttpResponse:
    """The form with everything around it."""
    kind = TaskType.POP if str(form["type"].value()) == TaskType.POP else TaskType.IMAP
    clear, safe = PORTS[kind]
    provider = about.provider
    context |= {
        "form": form,
        "kind": kind,
        "task": about.task,
        "draft": about.draft,
        "provider": provider,
        "owner": owner_of(provider),
        "layout": about.layout,
        "proposal": proposal,
        "servers": json.dumps(servers(provider)),
        "running": running(stages(form)),
        "clear_port": clear,
        "safe_port": safe,
        "minutes": max(1, allowance.interval_of(form.user) // 60),
        "is_clear_port": str(form["port"].value()) == str(clear),
        "first_panel": ACCOUNT if not form.errors or form.errors.keys() & FIRST else OPTIONS,
        "open_settings": bool(form.errors.keys() - FIRST),
        "letters": "password" in form.errors or "letters" in request.POST,
        # A password is never sent back. One that was typed must not turn into the stored one.
        "retype": bool(request.POST.get("password")) or "retype" in request.POST,
    }
    context |= links(form, about, proposal)
    if about.layout == STEPS and clients.for_provider(
        provider.oauth if provider else "", form.user
    ):
        asked = {"address": str(form["email"].value() or ""), "how": SIGN_IN}
        context["extra_url"] = link(provider=provider.key if provider else "", **asked)
    names = (str(form[name].value() or "") for name in ("email", "username"))
    context["send_address"] = next((name for name in names if "@" in name), "")
    if about.layout == SIGN_IN:
        context |= signing_in(request, form, about, is_free=bool(context.get("is_free")))
    if form.signs_in_there:
        context |= signed_in(form, about)
    if about.draft is not None and about.draft.cause:
        context["draft_problem"] = problem_of(about.draft)
    if tried is not None:
        context |= told(tried, form.user, provider)
    return part(request, "retrieval/_form.html", context, status=status)


def owner_of(provider: Provider | None) -> str:
    """Whose sign-in it is, else whose servers."""
    if provider is None:
        return ""
    if provider.oauth in OAUTH_PROVIDERS:
        return OAUTH_PROVIDERS[provider.oauth].name
    return name_of(provider.imap.host) if provider.imap.host else provider.name


def link(**asked: str) -> str:
    """A step of New Retrieval Task, by what is known already."""
    return f"{reverse('retrieval-new')}?{urlencode({k: v for k, v in asked.items() if v})}"


def links(form: TaskForm, about: About, proposal: Proposal | None) -> dict[str, str]:
    """Where the same account is shown with more to type; what was typed in secret is not kept."""
    known = {
        "provider": about.provider.key if about.provider else "",
        "address": str(form["email"].value() or ""),
        "type": str(form["type"].value()),
        "confirmed": proposal.place if proposal and proposal.needs_confirmation else "",
    }
    urls = {"change_url": link(**known, all="1"), "edit_url": link(**known, edit="1")}
    return urls if about.task else urls | {"back_url": link(was=known["address"])}


def servers(provider: Provider | None) -> dict[str, tuple[str, int]]:
    """Host and port by type, for the script that follows the choice of the type."""
    if provider is None:
        return {}
    known: dict[str, Server | None] = {kind: provider.server(kind) for kind in provider.types}
    return {kind: (one.host, one.port) for kind, one in known.items() if one and one.host}


def stages(form: TaskForm) -> list[CheckStage]:
    """What a test goes through, to be shown while it runs."""
    sends = "also_send" in form.fields and form["also_send"].value()
    return [*STAGES["imap"], *([CheckStage.SEND] if sends else [])]


def signing_in(
    request: HttpRequest, form: TaskForm, about: About, *, is_free: bool
) -> dict[str, Any]:
    """What the step before a sign-in at the provider shows (A9, A91, A94)."""
    fixed = about.provider is not None and about.provider.fixed_host and not is_free
    if fixed:
        form.fields["host"].widget.attrs["readonly"] = True
    ready = about.provider is not None and clients.for_provider(about.provider.oauth, form.user)
    shown = ("username", "host", "password")
    boss = administrator_of(form.user, of_system=True)
    context: dict[str, Any] = {
        "carried": [one for one in form if one.name not in shown and one.value()],
        "sign_in_ready": ready,
        "takes_redirects": takes_redirects(request),
        "is_free": not fixed,
    }
    if not ready:
        context["administrator"] = boss
        if form.user.role == Role.SYSTEM_ADMIN:
            context["clients_url"] = reverse("oauth-clients")
    return context


def signed_in(form: TaskForm, about: About) -> dict[str, Any]:
    """Whose permission there is, and whether it is for another address than the one typed."""
    stored = form.credential or (about.task.credential if about.task else None)
    if stored is None or about.draft is None:
        return {"signs_in_there": True}
    other = sign_ins.other_address(about.draft)
    who = other or stored.grant.address or str(form["username"].value())
    return {"signs_in_there": True, "signed_in_as": who, "signed_in_else": bool(other)}


def problem_of(draft: AccountDraft) -> Explained:
    """Why a draft is not stored."""
    values = {name: draft.values.get(name, "") for name in ("host", "port", "username", "email")}
    return explain_cause(draft.cause, values, server_line=draft.server_line)


def told(tried: Tried, user: User, provider: Provider | None) -> dict[str, Any]:
    """The result of a test, ready for the page."""
    outcome, values = tried.outcome, tried.values
    context: dict[str, Any] = {"outcome": outcome, "tried": tried.tried, "problem": outcome.problem}
    if outcome.report is not None:
        sending = values.send_as
        shown = reports.shown(
            outcome.report,
            host=outcome.host,
            port=outcome.port,
            username=values.username,
            provider=provider,
            may_pin=pins.allowed(user),
            email=sending.address if sending else "",
            sent=outcome.sent,
            sent_host=sending.server.host if sending else "",
            sent_port=sending.server.port if sending else 0,
            sends=sending is not None,
        )
        context |= {"report": shown, "problem": shown.problem or outcome.problem}
    return context | tried.context
