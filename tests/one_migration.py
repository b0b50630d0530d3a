"""Pytest plugin: the workers of one run migrate one database and copy it.

Migrating takes 15 seconds of processor time or more, and each worker has a database of its own. On
SQLite the next runs copy it too, until a migration or a locked package is another one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as default
from django.test.utils import setup_databases, teardown_databases

# The stubs know neither the pool of PostgreSQL's nor what only test runners ask.
connection: Any = default
ROOT = Path(__file__).resolve().parent.parent
# In PostgreSQL; the cluster of a run is its own and ends with it.
TEMPLATE = "migrated_once"


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: Any,
    django_db_modify_db_settings: None,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator[None]:
    """As pytest-django's, but for where the tables come from."""
    # The folder of the whole run; a run without workers has nobody to share with.
    shared = "PYTEST_XDIST_WORKER" in os.environ
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if shared else folder
    with django_db_blocker.unblock(), _alone(folder / "migrated.lock"):
        template = _template(pytestconfig)
        found = _copied(template)
        made = setup_databases(verbosity=0, interactive=False, keepdb=found)
        if not found:
            _keep(template)
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session")
def lay_tables(django_db_setup: None, pytestconfig: pytest.Config) -> Callable[[Path], None]:
    """Puts a migrated SQLite database into a data folder, for an installation of its own.

    That one comes up with nothing there is shown by tests/infra/test_serve and test_compose.
    """
    template = _template(pytestconfig)

    def lay(data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        if template.exists():  # not after a run on PostgreSQL alone
            shutil.copy(template, data_dir / "tributary.sqlite3")

    return lay


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _template(config: pytest.Config) -> Path:
    """The file of the migrated database, named by all it was made from."""
    digest = sha256()
    for path in sorted((*ROOT.glob("*/migrations/*.py"), *ROOT.glob("requirements/*.txt"))):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return config.rootpath / ".pytest_cache" / f"migrated-{digest.hexdigest()[:16]}.sqlite3"


def _copied(template: Path) -> bool:
    """Make the database of this worker from the one that is migrated; whether there is one."""
    if connection.vendor == "sqlite":
        is_there = template.exists()
        if is_there:
            shutil.copy(template, connection.settings_dict["TEST"]["NAME"])
        return is_there
    with connection._nodb_cursor() as cursor:  # as Django's own test runner
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE])
        if not cursor.fetchall():
            return False
        name = connection.creation._get_test_db_name()  # the same
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
    return True


def _keep(template: Path) -> None:
    """Keep the database just migrated for the others."""
    name = str(connection.settings_dict["NAME"])
    connection.close()  # what is written lies in one file; a template may have no guests
    if connection.vendor == "sqlite":
        template.parent.mkdir(exist_ok=True)
        for former in template.parent.glob("migrated-*.sqlite3"):
            former.unlink(missing_ok=True)
        # Another run may look for it at this moment.
        made = shutil.copy(name, template.with_suffix(f".{os.getpid()}"))
        Path(made).replace(template)
        return
    connection.close_pool()
    with connection._nodb_cursor() as cursor:  # as Django's own test runner
        cursor.execute(f'CREATE DATABASE "{TEMPLATE}" TEMPLATE "{name}"')
