"""Learning from what people call junk and what they take out of Junk, and beside every message
that is junk from some that were read and kept.

The row `LearnDue` is the queue: moving a message writes it, a worker reads the message, counts its
words and removes the row in one transaction. Killed anywhere or run twice, a message is learned
once (`Learned`), and a later word about it replaces the earlier one.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.models import Domain, User
from accounts.services import audit
from filtering import tokens
from filtering.models import BayesScope, Decision, LearnDue, Learned
from filtering.services import stored, tables
from filtering.whys import Why
from mailstore.models import FolderRole, Message

log = logging.getLogger(__name__)

BATCH: Final = 50
#: After so many messages it is seen to that the tables stay within their bounds.
OFTEN: Final = 100
#: What arrived so long ago, was read and still lies there is no junk, whoever says nothing of it.
SETTLED: Final = timedelta(days=3)
#: How many of these are learned beside one that is junk, and how many are looked at for them.
_BESIDE: Final = 2
_LOOKED_AT: Final = 20
_KEPT: Final = (FolderRole.INBOX, FolderRole.ARCHIVE, "")
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
    return sum(_worked_off(row, now) for row in rows)


def _worked_off(row: LearnDue, now: datetime) -> bool:
    try:
        _learn(row, now)
        if row.is_spam:
            _balance(row.user, now)
    except OSError:
        # The store may come back: this one waits, behind the others.
        log.exception("message %s could not be learned from", row.message_id)
        LearnDue.objects.filter(pk=row.pk, asked_at=row.asked_at).update(asked_at=now)
        return False
    return True


def _learn(row: LearnDue, now: datetime) -> None:
    """One message, whole or not at all."""
    found = _tokens(row.message)
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


def _tokens(message: Message) -> frozenset[int]:
    raw = stored.read(message)
    return tokens.of(raw) if raw else frozenset()


def _balance(user: User, now: datetime) -> None:
    """Learn what was read and kept as no junk, while less of that is known than of junk: people
    seldom take twenty messages out of Junk, and without as many nothing can be said."""
    own, _domains = tables.of(user)
    if own is None or own.ham >= own.spam:
        return
    for message in _settled(user, own, now):
        found, sha256 = _tokens(message), bytes(message.blob.sha256)
        with transaction.atomic():
            for kept in (tables.scope(user.domain), tables.scope(user)):
                # What somebody said of it is worth more.
                if found and not Learned.objects.filter(scope=kept, sha256=sha256).exists():
                    _count(kept, sha256, found, False, now)


def _settled(user: User, own: BayesScope, now: datetime) -> list[Message]:
    """Some of the newest that were read and kept, and that nothing was learned of."""
    known = Learned.objects.filter(scope=own, sha256=OuterRef("blob__sha256"))
    rows = Message.objects.filter(
        ~Exists(known),
        user=user,
        is_seen=True,
        is_draft=False,
        folder__role__in=_KEPT,
        sort_at__lt=now - SETTLED,
        learn_due=None,
    )
    found = rows.exclude(from_address__iexact=user.email).order_by("-sort_at")
    found = found.select_related("blob__segment", "decision")
    return [one for one in found[:_LOOKED_AT] if not _is_suspect(one)][:_BESIDE]


def _is_suspect(message: Message) -> bool:
    """Whether it was judged as junk and nobody said otherwise."""
    row: Decision | None = getattr(message, "decision", None)
    said = Why.of_row(row.why) if row is not None else Why()
    return said.score is not None and said.threshold is not None and said.score >= said.threshold


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
        if (kept.spam + kept.ham + 1) % OFTEN == 0:
            # Whoever calls a hundred thousand messages junk does not fill the disk within the hour.
            tables.prune_tokens(kept)


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
