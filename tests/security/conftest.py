"""What is logged while a secret is about."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO

import pytest
from django.db import connection

# With letters that every notation writes in its own way.


@pytest.fixture
def logged() -> Iterator[StringIO]:
    """Everything any library logs, at the lowest level."""
    root, stream = logging.getLogger(), StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    connection.force_debug_cursor = False
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)
