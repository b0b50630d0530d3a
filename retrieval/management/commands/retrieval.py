"""``manage.py retrieval``: retrieval tasks from the command line."""

from __future__ import annotations

from argparse import ArgumentParser

from django.utils import timezone

from accounts.models import User
from lib.operator import (
    AddVerb,
    OperatorCommand,
    OperatorError,
    Row,
    Verb,
    add_password_option,
    at_least_one,
    on_off,
    port_number,
)
from retrieval.management.rows import summary, task_of
from retrieval.models import RetrievalRun, RetrievalTask, RunOutcome, TaskState
from retrieval.services import dispatch, hosts, quarantine
from retrieval.services.pull import pull

# Verbs that need much of the program which a run does without: loaded when they are called.
RARE = "retrieval.management.verbs"
_REPORT = ("found", "stored", "linked", "skipped", "quarantined", "removed", "bytes")


class Command(OperatorCommand):
    help = "Add, list, run, pause and delete retrieval tasks."
    missing = "There is no such user, retrieval task or provider."

    def add_verbs(self, add: AddVerb) -> None:
        parser = add("add", f"{RARE}.add_task", "add a task; it is tested first unless --no-test")
        _add_options(parser)
        listing = add("list", self.list_tasks, "all tasks, or those of one user")
        listing.add_argument("email", nargs="?", default="")
        verbs: dict[str, tuple[Verb, str]] = {
            "show": (f"{RARE}.show", "settings, state and folders of a task"),
            "run": (self.run_task, "one pull in this process"),
            "pause": (self.pause, "stop a task until resumed"),
            "resume": (self.resume, "go on with a paused task"),
            "delete": (f"{RARE}.delete", "remove a task; imported mail stays"),
        }
        for name, (verb, text) in verbs.items():
            add(name, verb, text).add_argument("task_id", type=int, metavar="ID")
        retry = add("retry", self.retry, "try messages again that could not be retrieved")
        retry.add_argument("task_id", type=int, metavar="ID")
        retry.add_argument("--message", type=int, metavar="N", help="only this one, as in show")
        setting = add("set", f"{RARE}.set_task", "change how a task is run")
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

    def list_tasks(self, *, email: str) -> list[Row]:
        tasks = RetrievalTask.objects.select_related("source", "user")
        if email:
            tasks = tasks.filter(user=User.objects.get(email=email.lower()))
        return [summary(task) for task in tasks]

    def run_task(self, *, task_id: int) -> Row:
        """Pull once, to the end, and report; exit 1 with the cause when it failed.

        A pull that goes well would end the pause of a paused task, which only ``resume`` may.
        """
        task = task_of(task_id)
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
        task = task_of(task_id)
        number = quarantine.retry(task, now=timezone.now(), only=message)
        if message is not None and not number:
            raise OperatorError("This task has set aside no such message.")
        runs = number and task.state not in (TaskState.PAUSED, TaskState.NEEDS_PASSWORD)
        if runs:
            dispatch.run_now(task, now=timezone.now())
        return {"task": task.pk, "messages": number, "due": bool(runs)}

    def list_runs(self, *, task_id: int, limit: int) -> list[Row]:
        return [_run(run) for run in task_of(task_id).runs.all()[:limit]]

    def list_hosts(self) -> list[Row]:
        return list(hosts.listing())

    def set_host(self, *, key: str, compress: bool | None, reopen: bool) -> Row:
        row = hosts.change(key, compress=compress, reopen=reopen)
        return {"provider": row.key, "compress": row.compress, "shut_until": row.shut_until}

    def pause(self, *, task_id: int) -> Row:
        dispatch.pause(task_of(task_id))
        return summary(task_of(task_id))

    def resume(self, *, task_id: int) -> Row:
        dispatch.resume(task_of(task_id), now=timezone.now())
        return summary(task_of(task_id))


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
