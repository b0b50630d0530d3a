"""Pages of PDFs as pictures, drawn in a child process and kept on disk for the next look."""

import hashlib
import json

from lib import limited
from lib.disk_cache import DiskCache
from lib.limited import Limits, NotDone

#: Pages that can be looked at; of the rest only the number is told.
MAX_PAGES = 20
MAX_SIZE = 50 * 1024 * 1024
_LIMITS = Limits(cpu=10, seconds=20.0, memory=1024 * 1024 * 1024)
#: The name is changed with every change of what `mailstore.pdf_pages` makes.
_CACHE = DiskCache("drawn-1")


class NotDrawn(Exception):
    """The file is too large, too slow or too broken to be drawn, or locked with a password."""


def pages(data: bytes) -> int:
    """How many pages a PDF has. Raises `NotDrawn`."""
    return int(json.loads(_made(data, "count")))


def page(data: bytes, number: int) -> bytes:
    """A page, from 0, as a PNG. Raises `NotDrawn`."""
    return _made(data, "page", number=number)


def _made(data: bytes, what: str, **options: int) -> bytes:
    if len(data) > MAX_SIZE:
        raise NotDrawn("too large")
    key = json.dumps([what, options, hashlib.sha256(data).hexdigest()]).encode()
    kept = _CACHE.get(key)
    if kept is None:
        try:
            kept = limited.run(f"mailstore.pdf_pages.{what}", data, limits=_LIMITS, **options)
        except NotDone as error:
            raise NotDrawn(str(error)) from error
        _CACHE.put(key, kept)
    return kept
