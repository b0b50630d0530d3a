"""What the web process runs: pages, and event streams beside them (PEP 3333).

A stream has a thread of the server's for as long as its page is open. It sleeps there: 500 of them
take 48 MB and a thousandth of a processor. An event loop would hold them in 20 MB; but the server
puts what an event loop sends into a queue without an end, so that a download nobody reads fast
enough would lie in memory as a whole, and every page would cost more.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any, cast

from django.db import close_old_connections

from webmail.events import Hub
from webmail.processes import LONG, PAGES, STREAMS, WORKING
from webmail.stream import PATH, Streams
from webmail.turns import Turns
from webmail.wsgi import application as site

#: What stands in addresses that only wait, for pictures and names of others' servers: they take
#: nobody's turn. How many there are at once they see to themselves.
_WAIT = re.compile(r"/image/|/verdict/")


class Serving:
    """A WSGI application."""

    def __init__(self, site: Callable[..., Iterable[bytes]], hub: Hub) -> None:
        self._site = site
        self._streams = Streams(hub, most=STREAMS)
        # The same few threads for all pages: each keeps a connection to the database.
        self._pages = ThreadPoolExecutor(PAGES, thread_name_prefix="page")
        self._turns = Turns(WORKING, LONG)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        """One request."""
        if environ["PATH_INFO"] == PATH and environ["REQUEST_METHOD"] == "GET":
            return self._streams(environ, start_response)
        return self._pages.submit(self._page, environ, start_response).result()

    def _page(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        with nullcontext() if _WAIT.search(environ["PATH_INFO"]) else self._turns.turn():
            answer: Any = self._site(environ, start_response)
        if getattr(answer, "streaming", False):
            # It leaves its place here while it is read, as its reader may be slow.
            close_old_connections()
            return cast("Iterable[bytes]", answer)
        try:
            return [b"".join(answer)]
        finally:
            answer.close()


def stop_with_signals(hub: Hub) -> None:
    """End the streams when this process is told to end, as the server waits for what is open.

    The server sets handlers of its own later; the pipe hears of signals whoever handles them. To
    be called in the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    hears, tells = os.pipe()
    os.set_blocking(tells, False)
    signal.set_wakeup_fd(tells, warn_on_full_buffer=False)

    def wait() -> None:
        os.read(hears, 1)
        hub.stop()

    threading.Thread(target=wait, name="stop", daemon=True).start()


_hub = Hub()
stop_with_signals(_hub)
application = Serving(site, _hub)
