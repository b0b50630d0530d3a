"""What a person takes back or changes waits its turn beside a worker on the same mailbox."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from mailstore.models import Folder, Message, Reminder, Thread
from mailstore.services import folders, locks, reminding
from tests.mail import put
from tests.mailstore.test_together import run_all, somebody_waits
from tests.mailstore.threads import naming
from tests.waiting import wait_until
from webmail import message_steps


@pytest.mark.parametrize("what", ["reminders", "mute", "told of"])
@pytest.mark.django_db(transaction=True)
def test_nobody_stands_in_anothers_way(user: User, inbox: Folder, what: str) -> None:
    """A worker has the mailbox when it comes, and goes on with the very rows after."""
    first, second = put(inbox, naming("a"), naming("b"))
    archive = folders.special(user, "archive")
    tomorrow = timezone.now() + timedelta(days=1)
    both = [first.pk, second.pk]
    reminding.remind(user, both, tomorrow, only_unanswered=False, now=timezone.now())
    conversations = [one.thread_id for one in (first, second) if one.thread_id]
    jobs: dict[str, Callable[[], object]] = {
        "reminders": lambda: message_steps.reminders(user, both, []),
        "mute": lambda: message_steps.mute(user, conversations, False),
        "told of": lambda: folders.notify(user, [inbox.pk, archive.pk]),
    }
    rows = {
        "reminders": lambda: Reminder.objects.update(only_unanswered=True),
        "mute": lambda: Thread.objects.filter(pk=conversations[0]).update(created_at=tomorrow),
        "told of": lambda: locks.count(inbox.pk),
    }
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            locks.hold(user.pk)
            # The second of its rows is taken already, so that it would stop half way.
            Thread.objects.filter(pk=conversations[1]).update(created_at=tomorrow)
            Folder.objects.filter(pk=archive.pk).update(size=0)
            done = pool.submit(lambda: run_all(jobs[what]))
            wait_until(somebody_waits, "the person waits for the worker")
            rows[what]()
        done.result(timeout=120)
    assert not Reminder.objects.exists() or what != "reminders"
    assert Message.objects.count() == 2
