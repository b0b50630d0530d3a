"""Opening winmail.dat in a child process; what came out is kept for the next look."""

import hashlib

from lib import limited
from lib.disk_cache import DiskCache
from lib.limited import Limits, NotDone
from mailstore.nested import NotOpened

MAX_SIZE = 32 * 1024 * 1024
_LIMITS = Limits(cpu=5, seconds=10.0)
#: The name is changed with every change of what `mailstore.tnef` makes.
_CACHE = DiskCache("winmail-1")


def unpack(data: bytes) -> bytes:
    """The body and files of a winmail.dat, as a message. Raises `NotOpened`."""
    if len(data) > MAX_SIZE:
        raise NotOpened("too large")
    key = hashlib.sha256(data).digest()
    kept = _CACHE.get(key)
    if kept is None:
        try:
            kept = limited.run("mailstore.tnef.as_message", data, limits=_LIMITS)
        except NotDone as error:
            raise NotOpened(str(error)) from error
        _CACHE.put(key, kept)
    return kept
