"""``manage.py retrieval``: retrieval tasks from the command line."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import User
from lib.operator import (
    AddVerb,
    OperatorCommand,
    OperatorError,
    Row,
    add_password_option,
    read_password,
)
from mailstore.services import folders
from protocols.types import Security
from retrieval.models import RemoteFolder, RetrievalRun, RetrievalTask, RunOutcome
from retrieval.services import accounts, dispatch
from retrieval.services.pull import pull

_REPORT = ("found", "stored", "linked", "skipped", "quarantined", "removed", "bytes")


class Command(OperatorCommand):
    help = "Add, list, run, pause and delete retrieval tasks."
    missing = "There is no such user or retrieval task."

    def add_verbs(self, add: AddVerb) -> None:
        parser = add("add", self.add_task, "add a task; it is tested first unless --no-test")
        _add_options(parser)
        listing = add("list", self.list_tasks, "all tasks, or those of one user")
        listing.add_argument("email", nargs="?", default="")
        verbs = {
            "show": (self.show, "settings, state and folders of a task"),
            "run": (self.run_task, "one pull in this process"),
            "pause": (self.pause, "stop a task until resumed"),
            "resume": (self.resume, "go on with a paused task"),
            "delete": (self.delete, "remove a task; imported mail stays"),
        }
        for name, (verb, text) in verbs.items():
            add(name, verb, text).add_argument("task_id", type=int, metavar="ID")

    def add_task(self, *, email: str, no_test: bool, **options: Any) -> Row:
        """Add a task with the same checks as the page."""
        user = User.objects.get(email=email.lower())
        values = _values(user, options, password=read_password())
        outcome = accounts.save(
            user=user, values=values, now=timezone.now(), test=not no_test, may_remove=True
        )
        if outcome.task is None:
            raise OperatorError(*_problem(outcome))
        return _summary(outcome.task)

    def list_tasks(self, *, email: str) -> list[Row]:
        tasks = RetrievalTask.objects.select_related("source", "user")
        if email:
            tasks = tasks.filter(user=User.objects.get(email=email.lower()))
        return [_summary(task) for task in tasks]

    def show(self, *, task_id: int) -> Row:
        task = _task(task_id)
        pending = Count("ledger", filter=Q(ledger__state="pending"))
        rows = RemoteFolder.objects.filter(task=task).annotate(
            here=Count("ledger", filter=Q(ledger__state__in=["stored", "linked"])), open=pending
        )
        return {
            **_summary(task),
            "username": task.username,
            "security": task.security,
            "transfer": task.transfer,
            "destination": task.destination.name if task.destination else None,
            "apop": task.use_apop,
            "leave_on_server": task.leave_on_server,
            "filter": task.filter_enabled,
            "folders": [
                {
                    "name": row.name,
                    "state": row.state,
                    "server": row.server_count,
                    "here": row.here,
                    "pending": row.open,
                }
                for row in rows.order_by("name")
            ],
        }

    def run_task(self, *, task_id: int) -> Row:
        """Pull once, to the end, and report; exit 1 with the cause when it failed."""
        task = _task(task_id)
        claim = dispatch.claim_one(task, now=timezone.now())
        if claim is None:
            raise OperatorError("The task is running in another process.")
        started = timezone.now()
        run = pull(task_id=claim.task_id, fence=claim.fence, clock=timezone.now, slice_seconds=None)
        if run is None:
            raise OperatorError("The task was paused, deleted or taken over while it ran.")
        report = {
            "task": task.pk,
            "outcome": run.outcome,
            **{name: getattr(run, name) for name in _REPORT},
            "seconds": round((timezone.now() - started).total_seconds(), 3),
        }
        if run.outcome != RunOutcome.OK:
            facts = {**report, "cause": run.cause, "server": run.server_line}
            raise OperatorError(run.cause_text, facts)
        return report

    def pause(self, *, task_id: int) -> Row:
        dispatch.pause(_task(task_id))
        return _summary(_task(task_id))

    def resume(self, *, task_id: int) -> Row:
        dispatch.resume(_task(task_id), now=timezone.now())
        return _summary(_task(task_id))

    def delete(self, *, task_id: int) -> Row:
        task = _task(task_id)
        accounts.delete(task=task)
        return {"deleted": task_id}


def _problem(outcome: accounts.Outcome) -> tuple[str, Row]:
    problem = outcome.problem
    if problem is None:
        return "The task could not be saved.", {}
    facts = {"cause": problem.cause, "action": problem.action, "server": problem.server_line}
    return problem.sentence, facts


def _task(task_id: int) -> RetrievalTask:
    return RetrievalTask.objects.select_related("source", "user", "destination").get(pk=task_id)


def _summary(task: RetrievalTask) -> Row:
    last = RetrievalRun.objects.filter(task=task).first()
    return {
        "id": task.pk,
        "user": task.user.email,
        "name": task.source.name,
        "type": task.type,
        "server": f"{task.host}:{task.port}",
        "method": task.method,
        "state": task.state,
        "cause": task.cause or None,
        "next_at": task.next_at,
        "last_run": last.started_at if last else None,
        "last_stored": last.stored if last else None,
    }


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("email", help="whose task it is")
    parser.add_argument("--type", required=True, choices=["imap", "pop"])
    parser.add_argument("--server", required=True, metavar="HOST")
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--security", choices=["ssl", "starttls", "none"], default="ssl")
    parser.add_argument("--username", required=True)
    add_password_option(parser, required=True)
    parser.add_argument("--name", default="", help="name shown for the account")
    parser.add_argument("--method", choices=["manual", "automatic"], default="automatic")
    parser.add_argument("--transfer", choices=["root", "subfolders"], default="root")
    parser.add_argument("--destination", default="", metavar="FOLDER", help="made if missing")
    parser.add_argument("--apop", action="store_true")
    parser.add_argument("--leave-on-server", action="store_true")
    parser.add_argument("--filter", action="store_true")
    parser.add_argument("--no-test", action="store_true", help="save without a connection test")


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
