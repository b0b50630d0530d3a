"""The drafts of messages that are through, removed together."""

from __future__ import annotations

from collections.abc import Collection

from smtp_accounts.models import Draft


def forget_sent(ids: Collection[int] | None = None) -> int:
    """Forget drafts whose message is through, of these ones or of all; how many there were.

    Recording that a message was sent lets go of its draft. They are removed together after a
    round, which costs far less than one by one, and what a killed worker left behind later.
    """
    sent = Draft.objects.filter(submitted_at__isnull=False, outbox=None)
    if ids is not None:
        sent = sent.filter(pk__in=ids)
    return sent.delete()[1].get("smtp_accounts.Draft", 0)
