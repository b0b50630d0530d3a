"""Takes a file, or hands a draft in, in a process that dies at the n-th checkpoint.

`tests.forked` calls ``main(N, "upload" | "submit", ID)``. It ends with 0 where the work ended
before, so the caller knows when it has tried every checkpoint.
"""

import os
import signal
import sys
from datetime import timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402 # Django has to be set up first

from lib.checkpoints import set_hook  # noqa: E402 # the same
from smtp_accounts.models import Draft, DraftUpload  # noqa: E402 # the same
from smtp_accounts.services import outbox, uploads  # noqa: E402 # the same

PIECE = 40_000


def data_of(size: int) -> bytes:
    """What the file is made of."""
    return bytes(place * place % 251 for place in range(size))


def upload(pk: int) -> None:
    """Send what is missing, piece by piece, as a browser does."""
    row = DraftUpload.objects.filter(pk=pk).first()
    if row is None:
        return
    data, at = data_of(row.size), uploads.received(row)
    while True:
        end = min(at + PIECE, row.size)
        if uploads.append(row, at, [data[at:end]], timezone.now()) is not None:
            return
        at = end


def submit(pk: int) -> None:
    """Hand a draft in."""
    draft = Draft.objects.get(pk=pk)
    outbox.submit(user=draft.user, draft=draft, now=timezone.now() - timedelta(minutes=1))


def main(die_at: int, what: str, pk: int) -> None:
    passed = 0

    def at_checkpoint(name: str) -> None:
        nonlocal passed
        passed += 1
        if passed == die_at:
            sys.stdout.write(f"{name}\n")
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    set_hook(at_checkpoint)
    {"upload": upload, "submit": submit}[what](pk)
