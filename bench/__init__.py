"""Measurements in a process of their own, run as ``python -m bench.NAME``.

Importing this package sets Django up: with the database of TEST_DATABASE_URL (as
``python -m tests.postgres`` sets it), else a SQLite file in a temporary folder. A process that
has set Django up, as a test run has, keeps its own.
"""

import os
import tempfile

import django
from django.apps import apps

if not apps.ready:
    _folder = tempfile.TemporaryDirectory(prefix="tributary-bench-")
    if chosen := os.environ.get("TEST_DATABASE_URL"):
        os.environ["DATABASE_URL"] = chosen
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "webmail.settings",
        "ENV_FILE": os.devnull,
        # BENCH_DATA_DIR: a folder that several processes of one measurement share.
        "DATA_DIR": os.environ.get("BENCH_DATA_DIR") or _folder.name,
        "CONNECTIVITY_ALLOWED_NETWORKS": "127.0.0.0/8",
        "LOG_LEVEL": "ERROR",
    }
    django.setup()
