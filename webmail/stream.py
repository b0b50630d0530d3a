"""``GET /mail/events``: one page listens (WHATWG HTML section 9.2) until it leaves, is signed out,
or the server stops."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.db import DatabaseError, close_old_connections
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host
from django.utils.module_loading import import_string

from webmail.events import Hub, Stream
from webmail.headers import ALWAYS, NOTHING, transport

PATH = "/mail/events"
#: Seconds between two words of one stream: at most two a second.
PAUSE = 0.5
#: Seconds after which a stream without news shows that it is alive, and after which it is asked
#: whether its session still is.
HEARTBEAT = 25.0
CHECKED_EVERY = 60.0
_REFUSED = {400: "400 Bad Request", 403: "403 Forbidden", 503: "503 Service Unavailable"}


def headers() -> list[tuple[str, str]]:
    """Those of a stream."""
    over_https = transport()
    return [
        ("Content-Type", "text/event-stream"),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", NOTHING),
        ("Referrer-Policy", "same-origin"),
        *ALWAYS.items(),
        *([("Strict-Transport-Security", over_https)] if over_https else []),
        # A proxy that gathers answers would keep every word to itself (nginx reads this).
        ("X-Accel-Buffering", "no"),
    ]


class Streams:
    """A WSGI application that answers requests for streams, each in a thread of the server's."""

    def __init__(self, hub: Hub, *, most: int) -> None:
        self._hub, self._most = hub, most
        # Django keeps much for every thread that asks it something, so few threads do.
        self._check = ThreadPoolExecutor(2, thread_name_prefix="sessions")

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        """A stream; 403 for who is not signed in, 503 where there are too many."""
        host = split_domain_port(environ.get("HTTP_HOST", ""))[0]
        if not validate_host(host, settings.ALLOWED_HOSTS):
            return _refused(400, start_response)
        key = session_key(environ.get("HTTP_COOKIE", ""))
        user_id = self._person(key)
        if not user_id:
            return _refused(403, start_response)
        stream = self._hub.open(user_id, most=self._most)
        if stream is None:
            return _refused(503, start_response)
        if environ.get("HTTP_LAST_EVENT_ID"):
            stream.tell()  # what happened between the two connections is not known
        start_response("200 OK", headers())
        return _Words(stream, self._hub, lambda: self._person(key))

    def _person(self, key: str) -> int:
        return self._check.submit(person_of, key).result() if key else 0


class _Words:
    """What a stream says. The server closes it, whoever hangs up first."""

    def __init__(self, stream: Stream, hub: Hub, person: Callable[[], int]) -> None:
        self._stream, self._hub, self._person = stream, hub, person
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        stream = self._stream
        check_at = time.monotonic() + CHECKED_EVERY
        yield b"retry: 3000\n\n"
        while self._may_go_on():
            if time.monotonic() >= check_at:
                if self._person() != stream.user_id:
                    return
                check_at = time.monotonic() + CHECKED_EVERY
            if not stream.news_at:
                yield b": here\n\n"
            elif stream.news_at <= time.monotonic():
                stream.news_at = 0.0
                yield event()
                time.sleep(PAUSE)
        if stream.gives_way:
            # Or more browsers than one person may have streams would push each other out for ever.
            yield b"retry: 60000\n\n"

    def _may_go_on(self) -> bool:
        """Sleep until there is something to do; whether the stream is to stay."""
        stream = self._stream
        if stream.is_over:
            return False
        due_in = stream.news_at - time.monotonic() if stream.news_at else HEARTBEAT
        stream.wake.wait(max(0.0, due_in))
        stream.wake.clear()
        return not stream.is_over

    def close(self) -> None:
        """Called by the server at the end."""
        if self._is_open:
            self._is_open = False
            self._hub.close(self._stream)


def event() -> bytes:
    """The word that something changed."""
    moment = int(time.time() * 1000)
    return f"event: change\nid: {moment}\ndata: {json.dumps({'version': moment})}\n\n".encode()


def _refused(status: int, start_response: Callable[..., object]) -> list[bytes]:
    start_response(_REFUSED[status], [("Content-Type", "text/plain"), *headers()[1:]])
    return [b""]


def session_key(cookie: str) -> str:
    """The session a browser names, "" for none."""
    try:
        found = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found else ""


def person_of(key: str) -> int:
    """The number of who is signed in with a session, 0 for nobody; two queries.

    As for a page: a session that is over, a changed password and a person who is switched off
    count as signed out. Where the database does not answer nobody is.
    """
    request = HttpRequest()
    request.session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(key)
    try:
        if SESSION_KEY not in request.session:
            return 0
        user = get_user(request)
        return int(user.pk) if user.is_authenticated and user.is_active else 0
    except DatabaseError:
        return 0
    finally:
        close_old_connections()
