"""Ways back that are too long for a page: kept for an hour, taken once."""

import json
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from mailstore.models import WayBack

LIFETIME = timedelta(hours=1)


def keep(user: User, steps: Sequence[Any]) -> int:
    """Keep steps, which are fit for JSON; what to `take` them by."""
    packed = zlib.compress(json.dumps(steps, separators=(",", ":")).encode())
    return WayBack.objects.create(user=user, steps=packed).pk


def take(user: User, keys: Sequence[int]) -> list[list[Any]]:
    """The user's steps under these keys, the last kept first; they are kept no more."""
    rows = list(WayBack.objects.filter(user=user, pk__in=keys).order_by("-pk"))
    mine = [row for row in rows if WayBack.objects.filter(pk=row.pk).delete()[0]]
    return [json.loads(zlib.decompress(bytes(row.steps))) for row in mine]


def forget_old(*, now: datetime) -> int:
    """Drop what nobody may take any more; how many."""
    return WayBack.objects.filter(made_at__lt=now - LIFETIME).delete()[0]
