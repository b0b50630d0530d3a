"""Verbs of ``manage.py retrieval`` that test, save, show and delete."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import User
from lib.operator import OperatorError, Row, read_password
from mailstore.services import folders
from protocols.types import Security
from retrieval import completeness, set_aside
from retrieval.management.rows import summary, task_of
from retrieval.services import accounts


def add_task(*, email: str, no_test: bool, **options: Any) -> Row:
    """Add a task with the same checks as the page."""
    user = User.objects.get(email=email.lower())
    values = _values(user, options, password=read_password())
    outcome = accounts.save(
        user=user, values=values, now=timezone.now(), test=not no_test, may_remove=True
    )
    if outcome.task is None:
        raise OperatorError(*_problem(outcome))
    return summary(outcome.task)


def show(*, task_id: int) -> Row:
    """Everything about a task."""
    task = task_of(task_id)
    folders = completeness.folders_of(task)
    total = completeness.summary_of(folders)
    return {
        **summary(task),
        "username": task.username,
        "security": task.security,
        "transfer": task.transfer,
        "destination": task.destination.name if task.destination else None,
        "apop": task.use_apop,
        "leave_on_server": task.leave_on_server,
        "filter": task.filter_enabled,
        "push": task.push_enabled,
        "watched_until": task.watched_until,
        "complete": total.is_complete if total else None,
        "completeness": total.words if total else None,
        "folders": [_folder(folder) for folder in folders],
        "quarantine": [
            {
                "message": item.pk,
                "title": item.title,
                "facts": item.facts,
                "reason": item.reason,
                "tries": item.tries,
            }
            for item in set_aside.set_aside_of(task, now=timezone.now()).items
        ],
    }


def set_task(*, task_id: int, push: bool) -> Row:
    """Listen for new mail of a task, or not."""
    task = task_of(task_id)
    accounts.listen(task=task, enabled=push)
    return {"id": task.pk, "push": push}


def delete(*, task_id: int) -> Row:
    """Delete a task; its mail stays."""
    task = task_of(task_id)
    accounts.delete(task=task)
    return {"deleted": task_id}


def _problem(outcome: accounts.Outcome) -> tuple[str, Row]:
    problem = outcome.problem
    if problem is None:
        return "The task could not be saved.", {}
    facts = {"cause": problem.cause, "action": problem.action, "server": problem.server_line}
    return problem.sentence, facts


def _folder(folder: completeness.FolderState) -> Row:
    return {
        "name": folder.name,
        "state": folder.state,
        "server": folder.server,
        "here": folder.stored,
        "pending": folder.pending,
        "failed": folder.failed,
        "skipped": folder.skipped,
        "words": folder.words,
        "note": folder.note,
    }


def _values(user: User, options: dict[str, Any], *, password: str) -> accounts.TaskValues:
    destination = None
    if path := [part for part in options["destination"].split("/") if part]:
        destination = folders.ensure_path(user, path)
    security = {"ssl": Security.TLS, "starttls": Security.STARTTLS, "none": Security.NONE}
    return accounts.TaskValues(
        type=options["type"],
        host=options["server"],
        port=options["port"],
        security=security[options["security"]],
        require_ssl=options["security"] != "none",
        username=options["username"],
        password=password,
        name=options["name"],
        method=options["method"],
        transfer=options["transfer"],
        destination=destination,
        use_apop=options["apop"],
        leave_on_server=options["leave_on_server"],
        filter_enabled=options["filter"],
    )
