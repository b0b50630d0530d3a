"""Asking a running web process whether it answers."""

from __future__ import annotations

import http.client
import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import closing

SECONDS = 5.0


def own_host(allowed: Sequence[str], host: str) -> str:
    """A Host header this installation accepts: Django refuses requests under other names."""
    if host in allowed:
        return host
    named = [name.lstrip(".") for name in allowed if name != "*"]
    return named[0] if named else host


def answers(host: str, port: int, *, name: str, path: str = "/healthz") -> bool:
    """Whether ``path`` is answered with 200. Never raises for a server that is not there yet."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # as typed
    with closing(http.client.HTTPConnection(target, port, timeout=SECONDS)) as connection:
        try:
            connection.request("GET", path, headers={"Host": name})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def main() -> int:
    """``python -m webmail.health``: 0 when everything a page needs works, else 1."""
    parser = ArgumentParser(description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    allowed = [
        name.strip() for name in os.environ.get("ALLOWED_HOSTS", "").split(",") if name.strip()
    ]
    name = own_host(allowed, options.host)
    return 0 if answers(options.host, options.port, name=name, path="/readyz") else 1


if __name__ == "__main__":
    sys.exit(main())
