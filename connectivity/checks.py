"""Checks of what the database holds against the settings, run with ``--database default``, and
of the facts about providers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from connectivity import directory, providers
from connectivity.directory import DATA as CATALOGUE
from connectivity.providers import DATA as TILES
from connectivity.providers import Provider
from connectivity.sealing import KeyFormatError
from connectivity.services import credentials


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
    try:
        mistakes = [text for one in providers.load(TILES)[1] for text in _mistakes(one)]
        directory.load(CATALOGUE)
    except (OSError, KeyError, TypeError, ValueError) as error:
        mistakes = [f"an entry cannot be read ({type(error).__name__}: {error})"]
    return [
        Error(f"The facts about mail providers have a mistake: {text}.", id="tributary.E102")
        for text in mistakes
    ]


_AUTH = frozenset({providers.PASSWORD, providers.APP_PASSWORD, providers.OAUTH})
_USERNAMES = frozenset({providers.ADDRESS, providers.LOCAL_PART})


def _mistakes(one: Provider) -> list[str]:
    rules = {
        "an unknown way to sign in": one.auth in _AUTH,
        "a sign-in without its provider": one.auth != providers.OAUTH or bool(one.oauth),
        "an unknown form of username": {one.username, one.smtp_username} <= _USERNAMES,
        "types without a server": all(one.server(kind) is not None for kind in one.types),
        "no types": bool(one.types),
        "a link that is not encrypted": not one.link or one.link.startswith("https://"),
        "a server address that is fixed but unknown": not (one.fixed_host and one.needs_host),
    }
    return [f"{one.key} has {text}" for text, holds in rules.items() if not holds]
