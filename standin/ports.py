"""Finding ports on loopback."""

import socket
import time
from collections.abc import Sequence

HOST = "127.0.0.1"


def pick(preferred: Sequence[int]) -> list[int]:
    """One port for each preferred one: itself where it is free, else any free one (0: any)."""
    held: list[socket.socket] = []
    try:
        held.extend(map(_bind, preferred))
        return [sock.getsockname()[1] for sock in held]
    finally:
        for sock in held:
            sock.close()


def _bind(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((HOST, port))
    except OSError:
        sock.bind((HOST, 0))
    return sock


def wait_for(port: int, seconds: float = 15.0) -> bool:
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
