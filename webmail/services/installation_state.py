"""What an installation consists of and how full it is, for its administrators."""

from __future__ import annotations

import shutil
import sqlite3
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import Sum

from accounts.models import Domain, User
from mailstore.models import Segment


@dataclass(frozen=True, slots=True)
class State:
    """Sizes in bytes; ``free`` and ``room`` are those of the disk the mail lies on."""

    version: str
    database: str
    database_size: int
    domains: int
    people: int
    mail_size: int
    free: int
    room: int

    @property
    def is_tight(self) -> bool:
        """Less than a tenth, or than a gigabyte, is left."""
        return self.free < max(self.room // 10, 2**30)


def state() -> State:
    """What is there now, with a handful of statements."""
    usage = shutil.disk_usage(_existing(Path(settings.BLOB_DIR)))
    name, size = _database()
    return State(
        version=version(),
        database=name,
        database_size=size,
        domains=Domain.objects.count(),
        people=User.objects.count(),
        mail_size=Segment.objects.aggregate(size=Sum("size"))["size"] or 0,
        free=usage.free,
        room=usage.total,
    )


@cache
def version() -> str:
    """The version of this program, as its project file says."""
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def _existing(path: Path) -> Path:
    return path if path.exists() or path == path.parent else _existing(path.parent)


def _database() -> tuple[str, int]:
    if connection.vendor == "sqlite":
        file = Path(str(connection.settings_dict["NAME"]))
        size = file.stat().st_size if file.is_file() else 0
        return f"SQLite {sqlite3.sqlite_version}", size
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), pg_database_size(current_database())"
        )
        found, size = cursor.fetchone()
    return f"PostgreSQL {found.split(' ')[0]}", int(size)
