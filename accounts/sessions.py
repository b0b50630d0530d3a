"""Sessions in the database. Every request reads one, so that this is made cheap."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from lib.prepared import Prepared


def _valid(key: str, now: datetime) -> QuerySet[Session, Any]:
    found = Session.objects.filter(session_key=key, expire_date__gt=now)
    return found.values_list(*_COLUMNS)


_COLUMNS: Final = ["session_key", "session_data", "expire_date"]
_VALID: Final = Prepared(_valid, str, datetime)


class SessionStore(db.SessionStore):
    """What `SESSION_ENGINE` names."""

    def _get_session_from_db(self) -> Session | None:
        for values in _VALID.rows(self.session_key or "", timezone.now()):
            return Session.from_db("default", _COLUMNS, values)
        self._session_key = None
        return None
