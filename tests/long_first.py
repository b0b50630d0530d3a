"""Pytest plugin: modules that take long begin first, so that no worker is left alone with one.

For runs with `--dist loadfile --no-loadscope-reorder`: the order made here is the order in which
modules are handed to workers. First come those with a test marked ``long``, then those with most
tests. Runs in one process keep the order of pytest-django, which is about clean databases.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "long: takes ten seconds or more; its module begins first.")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort modules; the tests of each stay in their order."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    tests = Counter(item.path for item in items)
    long = {item.path for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: (item.path not in long, -tests[item.path]))
