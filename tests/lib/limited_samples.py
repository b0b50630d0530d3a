"""What `test_limited` runs in children; nothing here is meant well."""

from __future__ import annotations

import json
import os
import tempfile
import time


def reverse(data: bytes, *, times: int = 1) -> bytes:
    return data[::-1] * times


def environment(data: bytes) -> bytes:
    os.write(1, b"words of a library, not of the answer")
    return json.dumps(dict(os.environ)).encode()


def fail(data: bytes) -> bytes:
    raise ValueError(data)


def crash(data: bytes) -> bytes:
    os.abort()


def swell(data: bytes) -> bytes:
    return str(len(b"x" * 1024**3)).encode()


def spin(data: bytes) -> bytes:
    while True:
        pass


def sleep(data: bytes) -> bytes:
    time.sleep(60)
    return data


def spill(data: bytes) -> bytes:
    """How many bytes a file may have that is not the answer."""
    with tempfile.TemporaryFile(buffering=0) as file:
        return str(file.write(b"x" * 10_000)).encode()
