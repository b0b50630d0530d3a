"""Checks of what the database holds against the settings, run with ``--database default``, and
of the facts about providers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError
from django.utils.module_loading import import_string

from connectivity.services import credentials
from lib.sealing import KeyFormatError


@register(Tags.database)
def check_keys_of_credentials(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Every key that sealed a stored secret must still be there."""
    if not databases:
        return []
    try:
        known = credentials.keyring().keys
        lost = sorted(credentials.keys_in_use() - set(known))
    except (KeyFormatError, DatabaseError):
        # A malformed setting has a check of its own; without tables there are no secrets.
        return []
    if not lost:
        return []
    return [
        Error(
            f"CREDENTIAL_KEYS lacks the key {', '.join(lost)}, which stored passwords need.",
            hint="Put that key back, after the newest one, and run manage.py rotate_keys.",
            id="tributary.E101",
        )
    ]


@register()
def check_provider_data(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """The tiles and the catalogue of providers must be whole."""
    # Reached by name, as most commands read neither and have to start fast.
    mistakes = import_string("connectivity.facts.shipped_mistakes")()
    return [
        Error(f"The facts about mail providers have a mistake: {text}.", id="tributary.E102")
        for text in mistakes
    ]
