"""Reading the environment: a value that cannot be used is told in one sentence.

Each sentence names the variable and ends with the id of the rule, as the system checks of
``webmail.checks`` do. The ids are listed in ``docs/operations.md``.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

DATABASES = {
    "sqlite": "django.db.backends.sqlite3",
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
}
BROKERS = ("redis", "rediss", "redis+socket")

# What the databases take as a number of rows, and more of anything than makes sense.
LARGEST = 2**31 - 1


def refuse(rule: str, sentence: str) -> ImproperlyConfigured:
    """The error for a value the start must stop at."""
    return ImproperlyConfigured(f"{sentence} (tributary.{rule})")


def scheme(url: str) -> str:
    """What stands before ``://``, in lower case; empty without one."""
    head, mark, _ = url.partition("://")
    return head.lower() if mark else ""


class Environment:
    """Typed access to the variables of this process and of the ``.env`` file."""

    def __init__(self) -> None:
        self._env = environ.Env()

    def load(self, path: Path) -> None:
        """Add what stands in a file; the environment itself wins. A missing file is no error.

        Raises ImproperlyConfigured when the file is there and cannot be read.
        """
        if not path.exists():
            return
        try:
            self._env.read_env(path)
        except (OSError, UnicodeDecodeError) as error:
            raise refuse("E001", f"The settings file {path} cannot be read: {error}.") from None

    def text(self, name: str, default: str = "") -> str:
        """A string without surrounding blanks."""
        value: str = self._env.str(name, default=default)
        return value.strip()

    def words(self, name: str, default: list[str]) -> list[str]:
        """A list separated by commas; blanks and empty entries are dropped."""
        value = self.text(name)
        return [word.strip() for word in value.split(",") if word.strip()] if value else default

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A yes or no. Raises ImproperlyConfigured for any other word."""
        value = self.text(name).lower()
        if not value:
            return default
        if value in ("1", "true", "yes", "on"):
            return True
        if value in ("0", "false", "no", "off"):
            return False
        raise refuse("E002", f"{name} has to be on or off.")

    def number(self, name: str, default: int, *, least: int, most: int = LARGEST) -> int:
        """A whole number from ``least`` to ``most``. Raises ImproperlyConfigured."""
        value = self.text(name)
        try:
            number = int(value) if value else default
        except ValueError:
            raise refuse("E002", f"{name} has to be a whole number.") from None
        if number < least:
            raise refuse("E002", f"{name} has to be at least {least}.")
        if number > most:
            raise refuse("E002", f"{name} has to be at most {most}.")
        return number

    def folder(self, name: str, default: Path) -> Path:
        """A folder, made with mode 0700 if it is missing. Raises ImproperlyConfigured."""
        path = Path(self.text(name) or default).expanduser().resolve()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            next(path.iterdir(), None)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise refuse("E001", f"{name} {path} cannot be used: {reason}.") from None
        return path

    def database(self, name: str, default: str) -> dict[str, Any]:
        """A Django database entry from a URL. Raises ImproperlyConfigured."""
        url = self.text(name) or default
        kind = scheme(url)
        if kind not in DATABASES:
            raise refuse("E003", f"{name} has to begin with postgresql:// or sqlite:///.")
        try:
            entry: dict[str, Any] = environ.Env.db_url_config(url)
        except (ValueError, ImproperlyConfigured):
            raise refuse("E003", f"{name} is no database address.") from None
        if not entry["NAME"]:
            raise refuse("E003", f"{name} names no database.")
        entry["ENGINE"] = DATABASES[kind]
        return entry

    def log_level(self, name: str, default: str) -> str:
        """A level of the logging module. Raises ImproperlyConfigured."""
        level = (self.text(name) or default).upper()
        if level not in logging.getLevelNamesMapping():
            raise refuse("E002", f"{name} has to be DEBUG, INFO, WARNING, ERROR or CRITICAL.")
        return level
