"""Where on earth an address is, by a database the operator provides; without one, nowhere.

`GEOIP_FILE` names a file in the format of MaxMind DB, such as GeoLite2 City or DB-IP City Lite. It
is read piece by piece: a mapping of it would end this process if somebody wrote a shorter one over
it, and nobody asks often.
"""

from __future__ import annotations

import logging
import re
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import get_language

log = logging.getLogger(__name__)

#: Characters at most.
TOLD = 120
_ODD: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
_FILE_MODE: Final = 4  # maxminddb.MODE_FILE

Stamp = tuple[str, int, int, int]


class _Atlas:
    """The file that is open, and which version of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._reader: Any = None

    def find(self, path: str, address: str) -> Any:
        """What the file knows of an address; None where that is nothing."""
        # One at a time: a reader has one place in its file.
        with self._lock:
            self._open(path)
            return self._reader.get(address) if self._reader else None

    def _open(self, path: str) -> None:
        about = Path(path).stat()
        stamp = (path, about.st_ino, about.st_size, about.st_mtime_ns)
        if stamp == self._stamp:
            return
        self._close()
        # One that cannot be read is not tried again until it changes.
        self._stamp = stamp
        self._reader = import_string("maxminddb.open_database")(path, _FILE_MODE)

    def _close(self) -> None:
        if self._reader:
            self._reader.close()
        self._reader = None


_ATLAS: Final = _Atlas()


def of(address: str) -> str:
    """The place of an address in a few words, such as "Lisbon, Portugal"; "" where none is known.

    In the language in force where the file has it. It never fails: what is wrong with the file is
    logged, once for each cause.
    """
    path = str(settings.GEOIP_FILE)
    if not path or not address:
        return ""
    try:
        found = _ATLAS.find(path, address)
    except Exception as error:  # noqa: BLE001 # nobody's sign-in depends on an operator's file
        _complain(path, type(error).__name__)
        return ""
    return _words(found) if isinstance(found, dict) else ""


@lru_cache(maxsize=32)
def _complain(path: str, why: str) -> None:
    log.warning("GEOIP_FILE %s cannot be read: %s", path, why)


def _words(found: dict[str, Any]) -> str:
    names = [_name(found.get("city")), _name(found.get("country"))]
    return ", ".join(dict.fromkeys(one for one in names if one))[:TOLD]


def _name(entry: Any) -> str:
    """The name in an entry of GeoLite2 and DB-IP, which have languages, or of IPinfo's, a text."""
    if isinstance(entry, dict) and isinstance(names := entry.get("names"), dict):
        language = (get_language() or "en").partition("-")[0]
        entry = names.get(language) or names.get("en")
    return " ".join(_ODD.sub(" ", entry).split()) if isinstance(entry, str) else ""
