"""Whether the facts about mail providers are whole: shipped ones and those of the installation."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from connectivity import directory, providers
from connectivity.directory import DATA as CATALOGUE
from connectivity.providers import DATA as TILES
from connectivity.providers import Provider

_AUTH = frozenset({providers.PASSWORD, providers.APP_PASSWORD, providers.OAUTH})
_USERNAMES = frozenset({providers.ADDRESS, providers.LOCAL_PART})


def shipped_mistakes() -> list[str]:
    """What is wrong in the files of the product, each in a few words; nothing is raised."""
    found = _in_tiles(TILES, is_own=False)
    try:
        directory.load(CATALOGUE)
    except providers.MISTAKES as error:
        found.append(_unread(CATALOGUE, error))
    return found


def own_mistakes() -> list[str]:
    """What is wrong in the tiles of the installation, likewise."""
    file = settings.CONNECTIVITY_PROVIDERS_FILE
    return _in_tiles(Path(file), is_own=True) if file else []


def _in_tiles(file: Path, *, is_own: bool) -> list[str]:
    try:
        _, entries = providers.load(file, is_own=is_own)
    except providers.MISTAKES as error:
        return [_unread(file, error)]
    return [f"{file.name}: {text}" for one in entries for text in _in_tile(one)]


def _unread(file: Path, error: Exception) -> str:
    return f"{file.name}: an entry cannot be read ({type(error).__name__}: {error})"


def _in_tile(one: Provider) -> list[str]:
    rules = {
        "an unknown way to sign in": one.auth in _AUTH,
        "a sign-in without its provider": one.auth != providers.OAUTH or bool(one.oauth),
        "an unknown form of username": {one.username, one.smtp_username} <= _USERNAMES,
        "types without a server": all(one.server(kind) is not None for kind in one.types),
        "no types": bool(one.types),
        "a link that is not encrypted": not one.link or one.link.startswith("https://"),
        "a colour that does not exist": one.tint in range(1, 7),
        "a server address that is fixed but unknown": not (one.fixed_host and one.needs_host),
    }
    return [f"{one.key} has {text}" for text, holds in rules.items() if not holds]
