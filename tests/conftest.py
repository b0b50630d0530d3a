"""What every test may use: the people of a test domain, their browsers, and a clean mail store."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import Settings

from accounts.models import Domain, Role, User
from accounts.reauthentication import PROVED
from mailstore.services.folders import provision

pytest_plugins = [
    "tests.append_only",
    "tests.one_migration",
    "tests.servers",
    "tests.web",
    "tests.oidc",
    "tests.no_skips",
    "tests.long_first",
]

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "a quiet river in spring"
#: Fixtures that give a test the database.
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}

#: Modules about pages and other programs. Every address is asked on both databases, with what
#: people have, by tests/security/test_routes.py; what a page shows besides is looked at on SQLite.
ONE_DATABASE = re.compile(
    r"/webmail/test_|/oidc/|/infra/|/standin/|/test_(views|forms?)_|_(pages?|form)\.py$"
    r"|/security/test_(roles|headers|extra_fields|echoes|pages)"
    r"|/retrieval/test_memory|/smtp_accounts/test_(killed_write|spamassassin)"
)
#: Pages whose statements are not the same on both.
BOTH = re.compile(
    r"/webmail/test_(acting_together|admin_|came_back|conversation|counted|drafts_outbox|events"
    r"|export|fleet|folders|list|positions|putting_off|removing|searching|storage|system_pages"
    r"|whole_place)"
)

# The same examples in every run, and as much time for each as a busy machine needs: a run fails
# for what was changed, never by chance. `pytest --hypothesis-profile explore` looks for new ones.
_patient = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.register_profile("steady", _patient, derandomize=True)
hypothesis_settings.register_profile("explore", _patient, print_blob=True)
hypothesis_settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database-only",
        action="store_true",
        help="Run only tests that touch the database (for the run on the second database).",
    )
    # How much chaos tests/chaos makes: little here, much in `make chaos`.
    for name, default in (("seed", 1), ("kills", 10), ("cuts", 12), ("messages", 300)):
        parser.addoption(f"--{name}", type=int, default=default, help="For tests/chaos.")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "accept(*ids): the acceptance rows this test proves.")
    config.addinivalue_line(
        "markers", "one_database: uses a database, but is not about it; runs on SQLite alone."
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    known = _acceptance_ids()
    for item in items:
        for marker in item.iter_markers("accept"):
            unknown = sorted(set(marker.args) - known)
            if unknown:
                message = f"{item.nodeid} claims unknown acceptance rows: {', '.join(unknown)}"
                raise pytest.UsageError(message)
    if config.getoption("--database-only"):
        kept = [item for item in items if _touches_database(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Modules of which nothing would be kept are not even read."""
    return (config.getoption("--database-only") and _is_for_one_database(collection_path)) or None


def _is_for_one_database(path: Path) -> bool:
    return bool(ONE_DATABASE.search(path.as_posix()) and not BOTH.search(path.as_posix()))


def _acceptance_ids() -> set[str]:
    with (ROOT / "docs" / "acceptance.toml").open("rb") as file:
        return set(tomllib.load(file)["rows"])


def _touches_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("one_database"):
        return False
    if _is_for_one_database(item.path):
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & DATABASE_FIXTURES)


@pytest.fixture(autouse=True)
def blob_dir(settings: Settings, tmp_path: Path) -> Path:
    """Every test has a mail store of its own."""
    folder = tmp_path / "blobs"
    settings.BLOB_DIR = folder
    return folder


@pytest.fixture
def domain(db: None) -> Domain:
    return Domain.objects.create(name="example.test")


@pytest.fixture
def make_user(domain: Domain) -> Callable[..., User]:
    """Makes a person with folders; the password is ``tests.conftest.PASSWORD``."""

    def make(email: str, role: Role = Role.USER, **fields: Any) -> User:
        # Somebody who has been here before: the first sign-in has tests of its own.
        fields.setdefault("welcomed_at", timezone.now())
        user = User(email=email, domain=domain, role=role, **fields)
        user.set_password(PASSWORD)
        user.save()
        provision(user)
        return user

    return make


@pytest.fixture
def user(make_user: Callable[..., User]) -> User:
    return make_user("mara@example.test", display_name="Mara Lind")


@pytest.fixture
def other_user(make_user: Callable[..., User]) -> User:
    return make_user("otto@example.test", display_name="Otto Berg")


@pytest.fixture
def client_for() -> Callable[[User], Client]:
    """A browser signed in as the given person, who has just given their password."""

    def make(person: User) -> Client:
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        session = client.session
        session[PROVED] = int(time.time())
        session.save()
        return client

    return make
