"""Finding ports on loopback."""

import fcntl
import os
import random
import socket
import tempfile
import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

HOST = "127.0.0.1"
#: Below the ports systems give to outgoing connections (Linux from 32,768, others from 49,152 on):
#: one of those may come to sit on any other port before its server does.
OURS = range(20_000, 32_000)
_held: set[int] = set()
_register = -1


def pick(preferred: Sequence[int]) -> list[int]:
    """One port for each preferred one: itself where it is free, else one of `OURS` (0: too).

    Ports of `OURS` stay with this process until it ends, whether or not it listens: another one
    that asks here gets others.
    """
    return [port if port and _is_free(port) else _hold() for port in preferred]


def _hold() -> int:
    """A port nobody listens on and nobody else was given."""
    first = random.randrange(len(OURS))
    for port in chain(OURS[first:], OURS[:first]):  # any will do, and most are free
        if port not in _held and _is_ours(port):
            # Even where it is taken: a lock given back would have to be asked for again.
            _held.add(port)
            if _is_free(port):
                return port
    raise OSError("there is no free port")


def _is_ours(port: int) -> bool:
    """Whether this process may have it: it locks one byte of a file all of them share."""
    global _register  # noqa: PLW0603 - open as long as the process lives, and so are its locks
    if _register < 0:
        name = f"tributary-ports-{os.getuid()}"
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        _register = os.open(Path(tempfile.gettempdir()) / name, flags, 0o600)
    try:
        fcntl.lockf(_register, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, port))
        except OSError:
            return False
    return True


def wait_for(port: int, seconds: float = 60.0) -> bool:
    """Whether something accepts connections on this port within the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False
