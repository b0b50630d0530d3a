"""Delivers one message in a process of its own and dies without a word at the n-th checkpoint.

`tests.forked` calls ``main(N)``. It ends with 0 where the delivery ended before, so the caller
knows when it has tried every checkpoint.
"""

import os
import signal
import sys

import django

django.setup()

from django.utils import timezone  # noqa: E402 # Django has to be set up first

from lib.checkpoints import set_hook  # noqa: E402 # the same
from smtp_accounts.services import queue, rounds  # noqa: E402 # the same


def main(die_at: int) -> None:
    passed = 0

    def at_checkpoint(name: str) -> None:
        nonlocal passed
        passed += 1
        if passed == die_at:
            sys.stdout.write(f"{name}\n")
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    claims = queue.claim_due(now=timezone.now())
    set_hook(at_checkpoint)
    for pk, fence in claims:
        rounds.deliver(outbox_id=pk, fence=fence, clock=timezone.now)
