"""A site of one page, which says where it was called from: served by our web server in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest

settings.configure(TRUSTED_PROXIES=1)

from accounts.callers import address_of  # noqa: E402 # the settings have to be there


def application(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    return [address_of(WSGIRequest(environ)).encode()]
