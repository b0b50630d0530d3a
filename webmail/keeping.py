"""Database connections of the web process, which outlive a request."""

from __future__ import annotations

from django.db import connections

# Of every thread; the operating system keeps the rest of the file.
CACHE = 8 * 1024  # kB


def keep_connections() -> None:
    """Let each thread keep its SQLite connection: opening one costs more than a page's queries.

    Workers do not: they have more threads, and ask for more than fits a small cache. PostgreSQL's
    connections are kept by a pool.
    """
    chosen = connections.settings["default"]
    if chosen["ENGINE"] != "django.db.backends.sqlite3":
        return
    chosen["CONN_MAX_AGE"] = None
    options = chosen["OPTIONS"]
    options["init_command"] = f"{options['init_command']} PRAGMA cache_size=-{CACHE};"
