"""When a person is told of trouble with an account. Free of words, as every pull needs it."""

from __future__ import annotations

from datetime import datetime, timedelta

#: For so long a failure is the program's matter alone.
LASTING = timedelta(hours=1)
#: Kinds of `connectivity.notices` that go on only when the person does something.
NEEDS_YOU = frozenset({"retrieval-needs-you", "smtp-needs-you", "returned-message", "storage-full"})
#: So often at most a mail is written about one trouble.
DAILY = timedelta(days=1)
_WEEK = timedelta(days=7)


def next_mail(since: datetime, now: datetime) -> datetime:
    """When to write again: daily at most, and ever more rarely while nobody minds."""
    return now + min(_WEEK, max(DAILY, (now - since) / 2))
