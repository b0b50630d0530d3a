"""Making and changing a task: Test Connection, Save, and the buttons of a report."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.models import User
from connectivity.access import person, requires
from connectivity.models import Feature
from connectivity.posting import as_posted
from connectivity.providers import by_key
from connectivity.services import drafts, trusting
from connectivity.views.progress import watched
from lib.moments import count
from mailstore.services.folders import FolderRefused
from retrieval import proposals
from retrieval.access import task_for
from retrieval.forms import TaskForm
from retrieval.models import RetrievalTask
from retrieval.nudge import nudge
from retrieval.proposals import initial_of
from retrieval.services import accounts
from retrieval.services.accounts import Outcome, TaskValues
from retrieval.views import form_page, starting
from retrieval.views.form_page import About, Tried
from retrieval.views.keeping import about_posted, keep, sign_in

# What agreeing to the removal of messages, and thinking better of it, are sent as.
REMOVE, KEEP = "remove", "keep"
#: Save the receiving half alone, as the sending one failed.
ALONE = "save-alone"
#: Leave for the provider: the button of the form, and that of a report.
SIGN_INS = ("sign-in", "oauth")
#: Trust the certificate with this SHA-256, of the server in the form, and no other one there.
PIN = "pin:"
SAVES = ("save", REMOVE, KEEP, ALONE)
CHECKBOXES = (
    "use_apop",
    "leave_on_server",
    "require_ssl",
    "filter_enabled",
    "push_enabled",
    "also_send",
)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.RETRIEVAL)
@sensitive_post_parameters("password")
@watched
def new(request: HttpRequest) -> HttpResponse:
    """New Retrieval Task (A40, A41)."""
    user = person(request)
    if request.method != "POST":
        return starting.begin(request, user)
    return work(request, user, about_posted(user, request.POST))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.RETRIEVAL)
@sensitive_post_parameters("password")
@watched
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a task. A password left blank stays as it is."""
    user = person(request)
    task = task_for(user, pk)
    about = About(by_key(task.tile), task)
    if request.method == "POST":
        return work(request, user, about)
    return form_page.show(request, _form_of(user, about, initial_of(task)), about)


def _form_of(user: User, about: About, initial: dict[str, Any]) -> TaskForm:
    return TaskForm(
        initial=initial,
        user=user,
        task=about.task,
        provider=about.provider,
        credential=about.draft.credential if about.draft else None,
    )


@sensitive_variables()
def work(request: HttpRequest, user: User, about: About) -> HttpResponse:
    """Do what the pressed button says: show the form again, test, or save."""
    posted: QueryDict = request.POST
    action = posted.get("action", "save")
    if action in SIGN_INS:
        return sign_in(request, user, about)
    password = str(posted.get("password", ""))
    stored = initial_of(about.task) if about.task is not None and "host" not in posted else None
    if action in (*SAVES, "test", "again") or action.startswith(PIN):
        # A button of a report on what is stored comes alone: nothing was typed.
        posted = as_posted(stored, CHECKBOXES, password) if stored is not None else posted
        return _submit(request, user, about, posted, action)
    if stored is not None:
        values = proposals.changed(stored, action, about.provider)
    else:
        values = proposals.typed(posted, action, CHECKBOXES)
    if "tried" in posted and (password or _has_secret(about)):
        posted = as_posted(values, CHECKBOXES, password)
        return _submit(request, user, about, posted, "test")
    return form_page.show(request, _form_of(user, about, values), about)


def _has_secret(about: About) -> bool:
    """Whether a test needs no typed password."""
    return about.task is not None or bool(about.draft and about.draft.credential_id)


@sensitive_variables()
def _submit(
    request: HttpRequest, user: User, about: About, posted: QueryDict, action: str
) -> HttpResponse:
    """Test or save what was typed."""
    form = TaskForm(
        posted,
        user=user,
        task=about.task,
        provider=about.provider,
        credential=about.draft.credential if about.draft else None,
        initial=_locked(about),
    )
    if not form.is_valid():
        return form_page.show(request, form, about, status=422)
    values = form.values()
    if action == KEEP:
        values = replace(values, leave_on_server=True)
    if action == ALONE:
        values = replace(values, send_as=None)
    twin = accounts.twin(user, values, about.task)
    if action in SAVES and twin is not None and "anyway" not in posted:
        return form_page.show(request, form, about, twin=twin, status=422)
    try:
        outcome = _try(posted, user, values, about, action)
    except FolderRefused as refused:
        form.add_error("new_folder", str(refused))
        return form_page.show(request, form, about, status=422)
    if outcome.task is not None:
        return _finish(request, about, values)
    return _tell(request, user, form, about, Tried(outcome, values, action, {"twin": twin}))


def _locked(about: About) -> dict[str, Any] | None:
    """The values of fields that are not to be changed, which a browser does not send."""
    if about.task is not None:
        return initial_of(about.task)
    return dict(about.draft.values) if about.draft is not None else None


@sensitive_variables("values")
def _try(posted: QueryDict, user: User, values: TaskValues, about: About, action: str) -> Outcome:
    now = timezone.now()
    test = partial(accounts.check, user=user, values=values, now=now, task=about.task)
    if action.startswith(PIN):
        sha256, host, port = action.removeprefix(PIN), values.host, values.port
        return trusting.tested(test, user=user, host=host, port=port, sha256=sha256, now=now)
    if action not in SAVES:
        return test()
    agreed = _agreed(posted, action, values)
    return accounts.save(user=user, values=values, now=now, task=about.task, may_remove=agreed)


def _agreed(posted: QueryDict, action: str, values: TaskValues) -> bool:
    """Whether the removal was agreed to, of this very mailbox: the form can still be changed."""
    return action == REMOVE and posted.get("removal_of") == accounts.mailbox(values)


@sensitive_variables("tried")
def _tell(
    request: HttpRequest, user: User, form: TaskForm, about: About, tried: Tried
) -> HttpResponse:
    """The form again, with how the test went; what was to be saved is kept as a draft."""
    outcome = tried.outcome
    problem, saving = outcome.problem, tried.tried in SAVES
    if problem is not None and problem.field in form.fields and not outcome.only_sending:
        form.add_error(problem.field, problem.sentence)
    if problem is not None and saving and about.task is None:
        about = replace(about, draft=keep(user, request.POST, about, outcome))
    context = tried.context
    if outcome.removes:
        mailbox = accounts.mailbox(tried.values)
        context |= {"removal_of": mailbox, "removes": count(outcome.removes)}
    told = replace(tried, tried="save" if saving else "test", context=context)
    status = 200 if outcome.ok else 422
    return form_page.show(request, form, about, tried=told, status=status)


def _finish(request: HttpRequest, about: About, values: TaskValues) -> HttpResponse:
    """The account is stored: its draft has done its work."""
    if about.draft is not None:
        drafts.discard(about.draft)
    return saved(request, _saved_words(about.task, values))


def _saved_words(task: RetrievalTask | None, values: TaskValues) -> str:
    if task is not None:
        return _("The changes are saved.")
    if values.method == "manual":
        return _("The task is saved. Choose Retrieve to fetch its messages.")
    if values.send_as is not None:
        words = _("The task is saved, and you can send as %(address)s. The first messages arrive.")
        return words % {"address": values.send_as.address}
    return _("The task is saved. The first messages arrive in a moment.")


def saved(request: HttpRequest, words: str) -> HttpResponse:
    """Back to where the task is seen, with a word about what happened."""
    nudge()
    messages.success(request, words)
    if form_page.is_dialog(request):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("connectivity")})
    return redirect("connectivity")
