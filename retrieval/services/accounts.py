"""Saving, testing and deleting tasks: nothing is stored that was not tried."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from connectivity import pairing
from connectivity.causes import Explained, explain, explain_cause
from connectivity.models import Credential, Feature
from connectivity.services import credentials, failures, features, logins, trials
from connectivity.services.probing import TIME_LIMIT, probe
from protocols.check import CheckReport
from protocols.errors import MailServerError
from protocols.types import Endpoint, Login, Security
from retrieval.models import RetrievalTask, TaskType
from retrieval.services import allowance, telling
from retrieval.services.account_values import (
    Outcome,
    SendAs,
    TaskValues,
    begins_removing,
    default_name,
    mailbox,
    needs_password,
    values_of,
)
from retrieval.services.own_account import is_own
from retrieval.services.storing import COLORS, ChangedMeanwhileError, store

__all__ = [
    "COLORS",
    "Outcome",
    "SendAs",
    "TaskValues",
    "begins_removing",
    "check",
    "default_name",
    "delete",
    "listen",
    "mailbox",
    "needs_password",
    "save",
    "twin",
    "values_of",
]


def twin(user: User, values: TaskValues, task: RetrievalTask | None = None) -> RetrievalTask | None:
    """Another task of this user that already fetches the same mailbox."""
    same = RetrievalTask.objects.filter(
        user=user, type=values.type, host__iexact=values.host, username__iexact=values.username
    )
    if task is not None:
        same = same.exclude(pk=task.pk)
    return same.select_related("source").first()


@sensitive_variables("login")
def check(
    *, user: User, values: TaskValues, now: datetime, task: RetrievalTask | None = None
) -> Outcome:
    """Try the account out, within 15 seconds, and store nothing but the count of tests (A47).

    Where it is to send as well, that is tried in what is left of the time.
    """
    began = time.monotonic()
    problem = _refusal(user, values, task, now)
    if problem is not None:
        return Outcome(None, problem)
    host, port = values.host, values.port
    try:
        login = _login(values, task, now)
    except credentials.CredentialError as error:
        return Outcome(None, explain_cause(error.cause))
    except MailServerError as error:
        return Outcome(None, explain(error, host=host, port=port), host, port)
    report = probe(
        "pop" if values.type == TaskType.POP else "imap",
        Endpoint(host, port, values.security or Security.TLS),
        login,
        security=values.security,
        require_ssl=values.require_ssl,
        user=user,
    )
    if report.error is not None:
        _tell(report, values, task, now)
        kind, name = report.kind, values.username
        problem = explain(report.error, host=host, port=port, username=name, protocol=kind)
        return Outcome(report, problem, host, port)
    if values.send_as is None:
        return Outcome(report, None, host, port)
    sent = pairing.check(
        user=user,
        address=values.send_as.address,
        server=values.send_as.server,
        login=replace(login, username=values.send_as.username),
        now=now,
        seconds=began + TIME_LIMIT - time.monotonic(),
    )
    failed = sent.problem is not None
    return Outcome(report, sent.problem, host, port, sent=sent.report, only_sending=failed)


def save(
    *,
    user: User,
    values: TaskValues,
    now: datetime,
    task: RetrievalTask | None = None,
    test: bool = True,
    may_remove: bool = False,
) -> Outcome:
    """Test the account and store it; on failure nothing is stored (A48, A49).

    Nor is anything stored where this would begin to remove messages from the other server,
    unless ``may_remove`` says that somebody agreed: the outcome then tells how many.
    ``test=False`` is for operators, does not count them, and needs ``values.security``.
    """
    outcome = Outcome(None, None)
    security = values.security
    if test:
        outcome = check(user=user, values=values, now=now, task=task)
        report = outcome.report
        if not outcome.ok or report is None:
            return outcome
        if not may_remove and begins_removing(values, task) and (found := _messages(report)):
            return replace(outcome, removes=found)
        security = report.security
    if security is None:
        raise ValueError("without a test the kind of encryption has to be given")
    try:
        stored = store(user, replace(values, security=security), task, now)
    except ChangedMeanwhileError:
        return replace(outcome, problem=explain_cause("password-needed"))
    except allowance.TaskLimitError as full:
        return replace(outcome, report=None, problem=full.problem)
    return replace(outcome, task=stored)


def listen(*, task: RetrievalTask, enabled: bool) -> None:
    """Whether new mail is listened for between the regular runs; nothing else changes."""
    RetrievalTask.objects.filter(pk=task.pk).update(push_enabled=enabled)


def delete(*, task: RetrievalTask) -> None:
    """Remove the task, what it knew of the other server, and its secret if nothing else uses it.

    Imported mail stays, and so does the source it is labelled with (A50). A pull under way ends
    at its next commit, as the row it holds is gone.
    """
    with transaction.atomic():
        credential = task.credential
        telling.forget(task)
        task.delete()
        credentials.release(credential)


def _refusal(
    user: User, values: TaskValues, task: RetrievalTask | None, now: datetime
) -> Explained | None:
    """Why no server is asked at all."""
    if not features.enabled_for(user, Feature.RETRIEVAL):
        return explain_cause("feature-off")
    if not values.require_ssl and not features.enabled_for(user, Feature.CLEAR_TEXT):
        return explain_cause("clear-text-off", {"host": values.host})
    if task is None and (full := allowance.problem(user)):
        return full
    if needs_password(values, task):
        return explain_cause("password-needed")
    if is_own(username=values.username, host=values.host):
        return explain_cause("own-account", {"username": values.username})
    try:
        trials.take(user, now=now, target=values.host)
    except trials.TooManyTrialsError as full:
        return explain_cause(full.cause, {"host": values.host})
    return None


@sensitive_variables()
def _login(values: TaskValues, task: RetrievalTask | None, now: datetime) -> Login:
    """How to sign in: with what was typed, else with the stored secret.

    Raises `credentials.CredentialError`, and a `MailServerError` where the provider does not
    renew what it allowed.
    """
    apop = values.use_apop and values.type == TaskType.POP
    stored = _secret(values, task)
    if stored is None:
        return Login(values.username, values.password, apop=apop)
    return logins.login(stored, username=values.username, host=values.host, now=now, apop=apop)


def _secret(values: TaskValues, task: RetrievalTask | None) -> Credential | None:
    """The stored secret that is to be used; None: the typed password is."""
    if values.credential is not None:
        return values.credential
    return None if values.password or task is None else task.credential


def _tell(
    report: CheckReport, values: TaskValues, task: RetrievalTask | None, now: datetime
) -> None:
    """Count what nobody knows; an access token that the server did not take is not used again."""
    if report.error is None:
        return
    host, name = values.host, values.username
    failures.note(report.kind, report.error, host=host, username=name, now=now)
    stored = _secret(values, task)
    if stored is not None and report.error.cause == "token-expired":
        logins.refused(stored, now=now)


def _messages(report: CheckReport) -> int:
    return int(report.facts.get("messages", 0))
