"""A process that stores, removes and sweeps mail, and is killed at its n-th checkpoint.

`tests.forked` calls ``main(EMAIL, N)``. It prints a line for every batch whose transaction ended,
and at the end the number of checkpoints it passed.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402 # models need the setup above

from accounts.models import User  # noqa: E402 # the same
from filtering.services.deliver import Incoming, deliver  # noqa: E402 # the same
from lib.checkpoints import set_hook  # noqa: E402 # the same
from mailstore.models import FolderRole, Message  # noqa: E402 # the same
from mailstore.services.folders import special  # noqa: E402 # the same
from mailstore.services.messages import remove  # noqa: E402 # the same
from mailstore.services.sweeping import sweep  # noqa: E402 # the same
from protocols.body import Body  # noqa: E402 # the same
from tests.mail import letter  # noqa: E402 # the same

passed = 0


def say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def main(email: str, fatal: int) -> None:
    def hook(_name: str) -> None:
        global passed  # noqa: PLW0603 # counted across calls
        passed += 1
        if passed == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    set_hook(hook)
    user = User.objects.get(email=email)
    inbox = special(user, FolderRole.INBOX)
    for batch in range(2):
        subjects = [f"{fatal}-{batch}-{number}" for number in range(5)]
        incoming = [Incoming(Body.of(letter(subject)), inbox) for subject in subjects]
        deliver(incoming, now=timezone.now())
        for subject in subjects:
            say("stored", subject)
    doomed = [row.pk for row in Message.objects.filter(subject__endswith="-0")]
    remove(user, doomed)
    say("removed")
    sweep(now=timezone.now() + timedelta(days=2))
    say("passed", str(passed))
