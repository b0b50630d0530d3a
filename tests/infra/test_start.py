"""What a process loads before it does its work, and that tasks find our broker all the same."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra.running import ROOT, environment, manage

BROKER = "redis://broker.example.test:7777/3"
_LOADED = re.compile(r"^import time: .*\| +([\w.]+)$", re.MULTILINE)
# The pages, and libraries for what a run of mail fetched before does not do.
LEFT_OUT = {
    *("celery", "kombu", "webmail.urls", "webmail.celery", "aiosmtplib", "httpx2", "authlib"),
    *("dns", "yaml", "connectivity.forms", "charset_normalizer"),
    # What stores mail is loaded while the server is waited for.
    *("retrieval.services.pull_imap", "retrieval.services.pull_pop", "mailstore.mime"),
    *("filtering.services.deliver", "smtp_accounts.services.arrivals", "backports.zstd"),
}
# A thread of a web server is not the one that loaded the application.
TOLD_IN_A_THREAD = """
import threading
from django.core.wsgi import get_wsgi_application
get_wsgi_application()
from {module} import {name}

def tell():
    app = {name}.app
    print(app.main, app.conf.broker_url, app.conf.task_default_queue)

thread = threading.Thread(target=tell)
thread.start()
thread.join()
"""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory, lay_tables: Callable[[Path], None]) -> Path:
    """An installation whose database is there."""
    place = tmp_path_factory.mktemp("start") / "data"
    lay_tables(place)
    assert manage("migrate", "-v0", env=environment(place)).returncode == 0
    return place


def test_a_pull_by_command_loads_neither_pages_nor_celery(data_dir: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "manage.py", "retrieval", "run", "1"],
        cwd=ROOT, env=environment(data_dir), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    loaded = set(_LOADED.findall(done.stderr))
    assert "retrieval.services.pull" in loaded
    assert "There is no such user, retrieval task" in done.stderr
    assert not LEFT_OUT & loaded


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("retrieval.tasks", "dispatch_due"),
        ("smtp_accounts.tasks", "dispatch_due"),
        ("mailstore.tasks", "index_messages"),
    ],
)
def test_tasks_are_sent_to_our_broker_from_any_thread(
    data_dir: Path, module: str, name: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOLD_IN_A_THREAD.format(module=module, name=name)],
        cwd=ROOT,
        env=environment(data_dir, BROKER_URL=BROKER, DJANGO_SETTINGS_MODULE="webmail.settings"),
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["tributary", BROKER, "housekeeping"]


def test_a_worker_finds_the_application_and_all_tasks(data_dir: Path) -> None:
    script = "from celery.app.utils import find_app; app = find_app('webmail'); "
    script += "app.loader.import_default_modules(); print(*sorted(app.tasks))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT, env=environment(data_dir), check=True,
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    told = set(done.stdout.split())
    assert {
        "retrieval.tasks.pull",
        "smtp_accounts.tasks.deliver",
        "mailstore.tasks.sweep_blobs",
    } <= told
