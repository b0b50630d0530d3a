"""The Celery application. Database rows are the queue; messages here are only hints."""

import os
import time
import warnings
from contextlib import suppress
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import heartbeat_sent, task_success

from webmail.services import workers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webmail.settings")

# Tasks are read as JSON only, so a worker run by root is no more dangerous than any program.
warnings.filterwarnings("ignore", category=SecurityWarning, module="celery.platforms")

app = Celery("tributary")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

_told = 0.0


@heartbeat_sent.connect  # type: ignore[untyped-decorator]  # Celery has no types
def tell_alive(**_sender: Any) -> None:
    """Each worker says now and then that its queues have somebody, however busy it is."""
    global _told  # noqa: PLW0603 # called by one timer of the process, every two seconds
    now = time.monotonic()
    if now - _told >= workers.EVERY:
        _told = now
        with suppress(OSError):
            workers.alive(app.amqp.queues.consume_from)


@task_success.connect  # type: ignore[untyped-decorator]  # the same
def tell_tidied(sender: Any, **_result: Any) -> None:
    """The hourly sweep says when it was through: the system's page shows it."""
    if sender.name == "mailstore.tasks.sweep_blobs":
        with suppress(OSError):
            workers.alive([workers.SWEEP])
