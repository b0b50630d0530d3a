"""Pulls and sends, each in a process of its own forked from this one, for tests that kill those.

    python -m tests.chaos.worker

Orders come as JSON, one a line, and are answered in the same way. ``{"task": 7}`` starts a pull
and is answered with its process id, and so is ``{"send": true}``, which sends what is due;
``{"hear": PID}`` with what that process told just now; ``{"wait": PID}``, when it has ended, with
its exit status and what it told. ``{"report": 7}`` is answered with what came of the task so far.
Forking spares every pull the start of an interpreter.

An order may also say: ``fence``, a claim made elsewhere; ``at``, the number of the
checkpoint, or the name of the first one, at which the process sends itself ``signal``;
``largest``, the bytes the largest file may have.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.utils import timezone  # noqa: E402 # Django has to be set up first

from lib.checkpoints import set_hook  # noqa: E402 # the same
from mailstore.services import checking  # noqa: E402 # the same
from retrieval.models import RetrievalTask  # noqa: E402 # the same
from retrieval.services import dispatch  # noqa: E402 # the same
from retrieval.services.pull import pull  # noqa: E402 # the same
from smtp_accounts.services import queue, rounds  # noqa: E402 # the same
from tests.chaos import mailbox  # noqa: E402 # the same


def serve() -> None:
    """Take orders until standard input ends."""
    pipes: dict[int, int] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            answer = _wait(order["wait"], pipes.pop(order["wait"]))
        elif "report" in order:
            answer = _report(order["report"])
        elif "hear" in order:
            answer = {"told": os.read(pipes[order["hear"]], 4096).decode().splitlines()}
        else:
            pid, pipes[pid] = _fork(order, _send if "send" in order else _pull)
            answer = {"pid": pid}
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


def _report(task_id: int) -> dict[str, Any]:
    """Contents, verdicts and the state of the store, gathered in a process of its own."""
    pid, pipe = _fork({"task": task_id}, _gather)
    end = _wait(pid, pipe)
    assert end["status"] == 0, end["told"]
    answer: dict[str, Any] = json.loads(end["told"][0])
    return answer


def _gather(order: dict[str, Any], pipe: int) -> None:
    task = RetrievalTask.objects.select_related("user").get(pk=order["task"])
    content = mailbox.here(task.user)
    mailbox.read_back({digest for counted in content.values() for digest in counted})
    told = {
        "content": {
            folder: {digest.hex(): number for digest, number in counted.items()}
            for folder, counted in content.items()
        },
        "verdicts": mailbox.verdicts(task),
        "sound": checking.check().is_sound,
    }
    with os.fdopen(os.dup(pipe), "w") as file:
        file.write(f"{json.dumps(told)}\n")


def _fork(order: dict[str, Any], work: Callable[[dict[str, Any], int], None]) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    os.close(reading)
    status = 1
    try:
        work(order, writing)
        status = 0
    except Exception as error:  # noqa: BLE001 # whatever ended the pull is told, and is the status
        _tell(writing, f"{type(error).__name__}: {error}")
    finally:
        # The ordinary way out would run what the forking process has registered.
        os._exit(status)
    raise AssertionError


def _wait(pid: int, pipe: int) -> dict[str, Any]:
    with os.fdopen(pipe) as file:
        told = file.read()
    _, status = os.waitpid(pid, 0)
    return {"status": os.waitstatus_to_exitcode(status), "told": told.splitlines()}


def _pull(order: dict[str, Any], pipe: int) -> None:
    if largest := order.get("largest"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    _arm(order, pipe)
    fence = order.get("fence")
    if fence is None:
        claim = dispatch.claim_one(RetrievalTask.objects.get(pk=order["task"]), now=timezone.now())
        if claim is None:
            _tell(pipe, "claimed by another")
            return
        fence = claim.fence
    run = pull(task_id=order["task"], fence=fence, clock=timezone.now)
    _tell(pipe, "not ours" if run is None else f"{run.outcome} {run.cause}".strip())


def _send(order: dict[str, Any], pipe: int) -> None:
    _arm(order, pipe)
    done = 0
    while claims := queue.claim_due(now=timezone.now()):
        for pk, fence in claims:
            state = rounds.deliver(outbox_id=pk, fence=fence, clock=timezone.now)
            done += state is not None
    _tell(pipe, f"sent {done}")


def _arm(order: dict[str, Any], pipe: int) -> None:
    """Let this process send itself its signal where the order says."""
    passed = 0

    def at_checkpoint(name: str) -> None:
        nonlocal passed
        passed += 1
        if order.get("at") in (passed, name):
            order["at"] = 0
            _tell(pipe, name)
            os.kill(os.getpid(), order["signal"])

    set_hook(at_checkpoint)


def _tell(pipe: int, line: str) -> None:
    os.write(pipe, f"{line}\n".encode())


if __name__ == "__main__":
    serve()
