"""Answers for load balancers, containers and the supervisor. They name parts, never details."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.connection import Connection
from kombu.exceptions import KombuError

log = logging.getLogger(__name__)
_BROKER_SECONDS = 2


@never_cache
@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers at all; asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when pages, mail and background work can be served, else 503; says which part fails."""
    parts = {name: _works(name, probe) for name, probe in PROBES.items()}
    return JsonResponse(
        {name: "ok" if works else "failing" for name, works in parts.items()},
        status=200 if all(parts.values()) else 503,
    )


def _works(name: str, probe: Callable[[], None]) -> bool:
    try:
        probe()
    except (DatabaseError, OSError, KombuError) as error:
        log.warning("readyz: %s fails: %s", name, type(error).__name__)
        return False
    return True


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _mail_store() -> None:
    if not os.access(settings.BLOB_DIR, os.R_OK | os.W_OK | os.X_OK):
        raise PermissionError(settings.BLOB_DIR)


def _broker() -> None:
    options = {"socket_timeout": _BROKER_SECONDS, "socket_connect_timeout": _BROKER_SECONDS}
    with Connection(settings.BROKER_URL, transport_options=options) as broker:
        broker.ensure_connection(max_retries=0, timeout=_BROKER_SECONDS)


PROBES: dict[str, Callable[[], None]] = {
    "database": _database,
    "mail_store": _mail_store,
    "broker": _broker,
}
