"""Learning from what people call junk and what they take out of Junk.

The row `LearnDue` is the queue: moving a message writes it, a worker reads the message, counts its
words and removes the row in one transaction. Killed anywhere or run twice, a message is learned
once (`Learned`), and a later word about it replaces the earlier one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from accounts.models import Domain, User
from accounts.services import audit
from filtering import tokens
from filtering.models import BayesScope, LearnDue, Learned
from filtering.services import tables
from mailstore.models import FolderRole, Message
from mailstore.services import blobs
from mailstore.services.blobs import BlobUnreadable

#: Of a large message only the beginning is learned, as only that is judged.
HEAD: Final = 1 << 20
BATCH: Final = 50
#: Nothing is learned from a person's own writing.
_OWN: Final = (FolderRole.SENT, FolderRole.DRAFTS)


def moved(user: User, ids: Collection[int], *, to: str, now: datetime) -> list[int]:
    """A person moves messages to a folder with that role; call it before they are moved.

    Into Junk: they are spam. Out of it, unless they are deleted: they are not. The keys of those
    that will be learned from. Inside the caller's transaction.
    """
    rows = Message.objects.filter(user=user, pk__in=list(ids))
    if to == FolderRole.JUNK:
        rows = rows.exclude(folder__role__in=(FolderRole.JUNK, *_OWN)).exclude(is_draft=True)
    elif to == FolderRole.TRASH:
        return []
    else:
        rows = rows.filter(folder__role=FolderRole.JUNK)
    keys = list(rows.values_list("pk", flat=True))
    _ask(user, keys, is_spam=to == FolderRole.JUNK, now=now)
    return keys


def taken_back(user: User, ids: Collection[int], *, now: datetime) -> None:
    """What a person said about messages by moving them is not so; it is learned no more."""
    mine = Message.objects.filter(user=user, pk__in=list(ids)).values_list("pk", flat=True)
    with transaction.atomic():
        _ask(user, list(mine), is_spam=None, now=now)


def _ask(user: User, keys: Sequence[int], *, is_spam: bool | None, now: datetime) -> None:
    if not keys:
        return
    LearnDue.objects.bulk_create(
        [LearnDue(user=user, message_id=pk, is_spam=is_spam, asked_at=now) for pk in keys],
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["message"],
        update_fields=["is_spam", "asked_at"],
    )


def learn(*, now: datetime, most: int = BATCH) -> int:
    """Learn from messages that wait, the oldest word first; how many were worked off."""
    waiting = LearnDue.objects.select_related("message__blob", "user__domain")
    rows = list(waiting.order_by("asked_at", "pk")[:most])
    for row in rows:
        _learn(row, now)
    return len(rows)


def _learn(row: LearnDue, now: datetime) -> None:
    """One message, whole or not at all."""
    try:
        found = tokens.of(blobs.read(row.message.blob)[:HEAD])
    except (BlobUnreadable, OSError):
        found = frozenset()
    sha256 = bytes(row.message.blob.sha256)
    with transaction.atomic():
        # In one order, so that two workers do not wait for each other.
        scopes = [tables.scope(row.user.domain), tables.scope(row.user)]
        mine = LearnDue.objects.filter(pk=row.pk, is_spam=row.is_spam, asked_at=row.asked_at)
        if not mine.delete()[0] or not found:
            # Somebody else learned it, the person said otherwise, or its bytes cannot be read.
            LearnDue.objects.filter(pk=row.pk, asked_at=row.asked_at).delete()
            return
        for kept in scopes:
            _count(kept, sha256, found, row.is_spam, now)


def _count(
    kept: BayesScope, sha256: bytes, found: frozenset[int], is_spam: bool | None, now: datetime
) -> None:
    before = Learned.objects.filter(scope=kept, sha256=sha256).first()
    if before is not None and before.is_spam == is_spam:
        return
    if before is not None:
        tables.take(kept, found, is_spam=before.is_spam)
        before.delete()
    if is_spam is not None:
        tables.add(kept, found, is_spam=is_spam, today=now.date())
        Learned.objects.create(scope=kept, sha256=sha256, is_spam=is_spam, learned_at=now)


def forget(owner: User | Domain, *, actor: User, now: datetime) -> bool:
    """Drop all that was learned for a person or a domain, and what waits; False: nothing was."""
    with transaction.atomic():
        subject, domain = (None, owner) if isinstance(owner, Domain) else (owner, None)
        if subject is not None:
            LearnDue.objects.filter(user=subject).delete()
        if not tables.forget(owner):
            return False
        audit.record("learned-forgotten", now=now, actor=actor, subject=subject, domain=domain)
    return True


def learned(owner: User | Domain) -> tuple[int, int]:
    """How many messages were learned as junk and as not junk."""
    whose: dict[str, User | Domain] = (
        {"domain": owner} if isinstance(owner, Domain) else {"user": owner}
    )
    row = BayesScope.objects.filter(**whose).first()
    return (row.spam, row.ham) if row is not None else (0, 0)


def waiting(users: Iterable[User]) -> int:
    """How many messages of these people wait to be learned from."""
    return LearnDue.objects.filter(user__in=list(users)).count()
