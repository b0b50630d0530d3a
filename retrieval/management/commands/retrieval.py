"""``manage.py retrieval``: retrieval tasks from the command line."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from accounts.models import User
from lib.operator import (
    AddVerb,
    OperatorCommand,
    OperatorError,
    Row,
    add_password_option,
    at_least_one,
    on_off,
    port_number,
    read_password,
)
from mailstore.services import folders
from protocols.types import Security
from retrieval import completeness, set_aside
from retrieval.models import RetrievalRun, RetrievalTask, RunOutcome, TaskState
from retrieval.services import accounts, dispatch, hosts, quarantine
from retrieval.services.pull import pull

_REPORT = ("found", "stored", "linked", "skipped", "quarantined", "removed", "bytes")


class Command(OperatorCommand):
    help = "Add, list, run, pause and delete retrieval tasks."
    missing = "There is no such user, retrieval task or provider."

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
        retry = add("retry", self.retry, "try messages again that could not be retrieved")
        retry.add_argument("task_id", type=int, metavar="ID")
        retry.add_argument("--message", type=int, metavar="N", help="only this one, as in show")
        setting = add("set", self.set_task, "change how a task is run")
        setting.add_argument("task_id", type=int, metavar="ID")
        setting.add_argument("--push", type=on_off, required=True, help="listen for new mail")
        history = add("runs", self.list_runs, "the last runs of a task, newest first")
        history.add_argument("task_id", type=int, metavar="ID")
        history.add_argument("--limit", type=at_least_one, default=20, metavar="N")
        add("hosts", self.list_hosts, "the providers of all tasks, their limits and troubles")
        provider = add("host", self.set_host, "change how a provider is treated")
        provider.add_argument("key", metavar="PROVIDER", help="as in hosts")
        provider.add_argument("--compress", type=on_off, help="COMPRESS=DEFLATE in first passes")
        provider.add_argument("--reopen", action="store_true", help="try it again at once")

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
        folders = completeness.folders_of(task)
        total = completeness.summary_of(folders)
        return {
            **_summary(task),
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

    def run_task(self, *, task_id: int) -> Row:
        """Pull once, to the end, and report; exit 1 with the cause when it failed.

        A pull that goes well would end the pause of a paused task, which only ``resume`` may.
        """
        task = _task(task_id)
        if task.state == TaskState.PAUSED:
            raise OperatorError("The task is paused. Resume it first.")
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

    def retry(self, *, task_id: int, message: int | None) -> Row:
        """Open messages again that were set aside; the next run fetches them."""
        task = _task(task_id)
        number = quarantine.retry(task, now=timezone.now(), only=message)
        if message is not None and not number:
            raise OperatorError("This task has set aside no such message.")
        runs = number and task.state not in (TaskState.PAUSED, TaskState.NEEDS_PASSWORD)
        if runs:
            dispatch.run_now(task, now=timezone.now())
        return {"task": task.pk, "messages": number, "due": bool(runs)}

    def set_task(self, *, task_id: int, push: bool) -> Row:
        task = _task(task_id)
        accounts.listen(task=task, enabled=push)
        return {"id": task.pk, "push": push}

    def list_runs(self, *, task_id: int, limit: int) -> list[Row]:
        return [_run(run) for run in _task(task_id).runs.all()[:limit]]

    def list_hosts(self) -> list[Row]:
        return list(hosts.listing())

    def set_host(self, *, key: str, compress: bool | None, reopen: bool) -> Row:
        row = hosts.change(key, compress=compress, reopen=reopen)
        return {"provider": row.key, "compress": row.compress, "shut_until": row.shut_until}

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


def _run(run: RetrievalRun) -> Row:
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else None
    return {
        "run": run.pk,
        "started": run.started_at,
        "seconds": None if seconds is None else round(seconds, 3),
        "outcome": run.outcome,
        "expected": run.expected,
        **{name: getattr(run, name) for name in _REPORT},
        "cause": run.cause or None,
    }


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
    parser.add_argument("--port", required=True, type=port_number, metavar="N")
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
