"""Settings of the test run: the real ones, pointed at a temporary folder and at loopback.

``TEST_DATABASE_URL`` chooses the database (`python -m tests.postgres COMMAND` sets it); without
it every test process has a SQLite file of its own.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_folder = Path(tempfile.mkdtemp(prefix="tributary-test-"))
_owner = os.getpid()


@atexit.register
def _remove_folder() -> None:
    if os.getpid() == _owner:
        shutil.rmtree(_folder, ignore_errors=True)


_chosen = os.environ.get("TEST_DATABASE_URL", "")
for _name in (
    "SECRET_KEY",
    "CREDENTIAL_KEYS",
    "BROKER_URL",
    "BLOB_DIR",
    "RELAY_URL",
    "DEBUG",
    "HTTPS",
):
    os.environ.pop(_name, None)
os.environ.update(
    ENV_FILE=os.devnull,
    DATA_DIR=str(_folder),
    DATABASE_URL=_chosen or f"sqlite:///{_folder / 'tributary.sqlite3'}",
    CONNECTIVITY_ALLOWED_NETWORKS="127.0.0.0/8,::1/128",
    LOG_LEVEL="WARNING",
    # Runs follow each other quickly here; what spaces sign-ins has tests of its own.
    RETRIEVAL_HOST_LOGINS="1000",
    # One person has all tasks; what is kept for others has tests of its own.
    RETRIEVAL_USER_CONNECTIONS="1000",
    # No question leaves this machine; what DNS says of senders has tests with a server of its own.
    SPAM_DNS="off",
)

from webmail.settings import *  # noqa: E402, F403  # the environment has to be set before
from webmail.settings import DATABASES, STATIC_ROOT  # noqa: E402  # the same

STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns without it

PASSWORD_HASHERS = ["tests.hashers.QuickArgon2"]
# The plain storage: pages can be tested without a collectstatic run.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if not _chosen:
    # A file, as in life: an in-memory database has other locks and one connection. Without the
    # syncs, which protect from power cuts only and cost most of the time of a run.
    DATABASES["default"]["TEST"] = {"NAME": str(_folder / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
