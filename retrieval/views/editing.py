"""Making and changing a task: the forms, Test Connection and Save."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from connectivity import report as reports
from connectivity.access import person, requires
from connectivity.models import Feature
from connectivity.providers import CHECKED_ON, PROVIDERS, Provider, by_address, by_key
from lib.moments import count
from mailstore.services.folders import FolderRefused
from retrieval.access import task_for
from retrieval.forms import PORTS, PasswordForm, StartForm, TaskForm, initial_for, initial_of
from retrieval.models import RetrievalTask, TaskType
from retrieval.nudge import nudge
from retrieval.services import accounts
from retrieval.services.accounts import Outcome, TaskValues

# What agreeing to the removal of messages, and thinking better of it, are sent as.
REMOVE, KEEP = "remove", "keep"
CHECKBOXES = ("use_apop", "leave_on_server", "require_ssl", "filter_enabled", "push_enabled")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.RETRIEVAL)
@sensitive_post_parameters("password")
def new(request: HttpRequest) -> HttpResponse:
    """New Retrieval Task: first the address or the provider, then every setting on one form."""
    user = person(request)
    if request.method == "POST":
        provider = by_key(request.POST.get("provider", ""))
        return _work(request, user, None, provider)
    asked = request.GET
    if not asked.keys() & {"address", "provider", "type"}:
        return _start(request, StartForm())
    provider = by_key(asked.get("provider", ""))
    address = asked.get("address", "").strip()
    if "address" in asked and not address and provider is None:
        return _start(request, StartForm(asked), status=422)
    if address:
        start = StartForm(asked)
        if not start.is_valid():
            return _start(request, start, status=422)
        provider = provider or by_address(address)
    initial = initial_for(provider, kind=asked.get("type", ""), address=address)
    form = TaskForm(initial=initial, user=user)
    return _form(request, form, provider=provider, unknown=bool(address and provider is None))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.RETRIEVAL)
@sensitive_post_parameters("password")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a task. A password left blank stays as it is."""
    user = person(request)
    task = task_for(user, pk)
    if request.method == "POST":
        return _work(request, user, task, None)
    return _form(request, TaskForm(initial=initial_of(task), user=user, task=task), task=task)


@require_POST
@requires(Feature.RETRIEVAL)
@sensitive_post_parameters("password")
def password(request: HttpRequest, pk: int) -> HttpResponse:
    """Store a new password for an unchanged account, after it was tested."""
    user = person(request)
    task = task_for(user, pk)
    form = PasswordForm(request.POST)
    outcome = None
    if form.is_valid():
        values = replace(accounts.values_of(task), password=form.cleaned_data["password"])
        outcome = accounts.save(user=user, values=values, now=timezone.now(), task=task)
        if outcome.ok:
            return _saved(request, outcome, _("The new password works. Retrieval goes on."))
        form.add_error("password", outcome.problem.sentence if outcome.problem else "")
    context = {"task": task, "form": form, "is_dialog": _is_dialog(request)}
    return render(request, "retrieval/password.html", _told(context, outcome), status=422)


@sensitive_variables()
def _work(
    request: HttpRequest, user: User, task: RetrievalTask | None, provider: Provider | None
) -> HttpResponse:
    """Do what the pressed button says: show the form again, test, or save."""
    action = request.POST.get("action", "save")
    if action not in ("test", "save", REMOVE, KEEP):
        form = TaskForm(initial=_typed(request.POST, action), user=user, task=task)
        return _form(request, form, provider=provider, task=task)
    form = TaskForm(request.POST, user=user, task=task, initial=initial_of(task) if task else None)
    if not form.is_valid():
        return _form(request, form, provider=provider, task=task, status=422)
    values, now = form.values(), timezone.now()
    if action == KEEP:
        values = replace(values, leave_on_server=True)
    twin = accounts.twin(user, values, task)
    if action != "test" and twin is not None and "anyway" not in request.POST:
        return _form(request, form, provider=provider, task=task, twin=twin, status=422)
    agreed = _agreed(request.POST, action, values)
    try:
        if action == "test":
            outcome = accounts.check(user=user, values=values, now=now, task=task)
        else:
            outcome = accounts.save(user=user, values=values, now=now, task=task, may_remove=agreed)
    except FolderRefused as refused:
        form.add_error("new_folder", str(refused))
        return _form(request, form, provider=provider, task=task, status=422)
    if outcome.task is not None:
        return _saved(request, outcome, _saved_words(task, values.method))
    if outcome.problem is not None and outcome.problem.field:
        form.add_error(outcome.problem.field, outcome.problem.sentence)
    status = 200 if outcome.ok else 422
    tried = "test" if action == "test" else "save"
    context: dict[str, Any] = {"provider": provider, "task": task, "twin": twin, "tried": tried}
    if outcome.removes:
        context |= {"removal_of": accounts.mailbox(values), "removes": count(outcome.removes)}
    return _form(request, form, outcome=outcome, status=status, **context)


def _agreed(posted: QueryDict, action: str, values: TaskValues) -> bool:
    """Whether the removal was agreed to, of this very mailbox: the form can still be changed."""
    return action == REMOVE and posted.get("removal_of") == accounts.mailbox(values)


def _saved_words(task: RetrievalTask | None, method: str) -> str:
    if task is not None:
        return _("The changes are saved.")
    if method == "manual":
        return _("The task is saved. Choose Retrieve to fetch its messages.")
    return _("The task is saved. The first messages arrive in a moment.")


def _saved(request: HttpRequest, outcome: Outcome, words: str) -> HttpResponse:
    """Back to where the task is seen, with a word about what happened."""
    nudge()
    messages.success(request, words)
    assert outcome.task is not None  # noqa: S101 - a save that went well has one
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("connectivity")})
    return redirect("connectivity")


def _typed(posted: QueryDict, action: str) -> dict[str, Any]:
    """What was typed so far, with the change the button stands for; never the password."""
    typed: dict[str, Any] = {name: posted[name] for name in posted if name != "password"}
    typed |= {name: name in posted for name in CHECKBOXES}
    if action.startswith("port:"):
        typed["port"] = action.removeprefix("port:")
    else:
        typed["port"] = _port_for(typed.get("type", ""), typed.get("port", ""))
    return typed


def _port_for(kind: str, port: str) -> str:
    """The same kind of port for the other type; a port that somebody chose stays."""
    wanted = TaskType.POP if kind == TaskType.POP else TaskType.IMAP
    for clear, safe in PORTS.values():
        if port in (str(clear), str(safe)):
            return str(PORTS[wanted][port == str(safe)])
    return port


def _is_dialog(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request"))


def _start(request: HttpRequest, form: StartForm, *, status: int = 200) -> HttpResponse:
    template = "retrieval/_start.html" if _is_dialog(request) else "retrieval/new.html"
    context = {
        "form": form,
        "providers": PROVIDERS,
        "is_dialog": _is_dialog(request),
        "part": "retrieval/_start.html",
    }
    return render(request, template, context, status=status)


def _form(
    request: HttpRequest,
    form: TaskForm,
    *,
    status: int = 200,
    outcome: Outcome | None = None,
    **context: Any,
) -> HttpResponse:
    template = "retrieval/_form.html" if _is_dialog(request) else "retrieval/new.html"
    kind = str(form["type"].value())
    clear, safe = PORTS[TaskType.POP if kind == TaskType.POP else TaskType.IMAP]
    context |= {
        "form": form,
        "kind": kind,
        "clear_port": clear,
        "safe_port": safe,
        "is_clear_port": str(form["port"].value()) == str(clear),
        "checked_on": CHECKED_ON,
        # A password is never sent back. One that was typed must not turn into the stored one.
        "retype": bool(request.POST.get("password")) or "retype" in request.POST,
        "is_dialog": _is_dialog(request),
        "part": "retrieval/_form.html",
    }
    return render(request, template, _told(context, outcome), status=status)


def _told(context: dict[str, Any], outcome: Outcome | None) -> dict[str, Any]:
    """Add the result of a test to a context."""
    if outcome is not None:
        context |= {"outcome": outcome, "problem": outcome.problem}
        if outcome.report is not None:
            context["report"] = reports.shown(outcome.report, host=outcome.host, port=outcome.port)
    return context
