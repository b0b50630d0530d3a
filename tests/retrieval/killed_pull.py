"""Pulls one task in a process of its own and dies without a word at the n-th checkpoint.

    python -m tests.retrieval.killed_pull TASK_ID N

Exits 0 where the pull ended before, so the caller knows when it has tried every checkpoint.
"""

import os
import signal
import sys

import django

django.setup()

from django.utils import timezone  # noqa: E402 # Django has to be set up first

from lib.checkpoints import set_hook  # noqa: E402 # the same
from retrieval.models import RetrievalTask  # noqa: E402 # the same
from retrieval.services import dispatch  # noqa: E402 # the same
from retrieval.services.pull import pull  # noqa: E402 # the same


def main(task_id: int, die_at: int) -> None:
    passed = 0

    def at_checkpoint(name: str) -> None:
        nonlocal passed
        passed += 1
        if passed == die_at:
            sys.stdout.write(f"{name}\n")
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    set_hook(at_checkpoint)
    claim = dispatch.claim_one(RetrievalTask.objects.get(pk=task_id), now=timezone.now())
    if claim is None:
        sys.exit("the task is claimed")
    pull(task_id=claim.task_id, fence=claim.fence, clock=timezone.now)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
