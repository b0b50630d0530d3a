"""What `test_limited` runs in children; nothing here is meant well."""

from __future__ import annotations

import json
import os
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
    return b"x" * (2 * 1024**3)


def spin(data: bytes) -> bytes:
    while True:
        pass


def sleep(data: bytes) -> bytes:
    time.sleep(60)
    return data


def flood(data: bytes) -> bytes:
    """Write past the child's own look at the length."""
    for handle in range(3, 20):
        try:
            os.write(handle, b"x" * 10_000)
        except OSError:
            continue
    os._exit(0)
