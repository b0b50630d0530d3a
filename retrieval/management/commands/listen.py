"""``manage.py listen``: one process that listens to many accounts (docs/operations.md)."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from retrieval.nudge import nudge
from retrieval.services.listening import Listener


class Command(BaseCommand):
    help = "Hold connections that hear of new mail, and make the workers fetch it at once."

    def handle(self, *args: Any, **options: Any) -> None:
        _allow_many_files()
        asyncio.run(_listen())
        sys.stdout.flush()
        # Threads that still wait for somebody's server are not waited for.
        os._exit(0)


async def _listen() -> None:
    """Listen until told to stop."""
    alive = Path(settings.DATA_DIR) / "run" / "listening"
    listener = Listener(clock=timezone.now, poke=nudge, alive=alive)
    running = asyncio.create_task(listener.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    with suppress(asyncio.CancelledError):
        await running


def _allow_many_files() -> None:
    """Every connection is an open file, and many systems begin with 1024 of them."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
