"""Which accounts are listened to for news, and how one of them is reached (RFC 2177)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from connectivity.models import CredentialKind, Feature
from connectivity.services import features, logins, network, pins
from protocols.errors import TokenExpired
from protocols.imap.idle import Idler
from protocols.tls import server_name
from protocols.types import Endpoint, Security
from retrieval.models import Method, RetrievalTask, TaskState, TaskType
from retrieval.profiles import key_of, profile_of
from retrieval.services import hosts, pausing

# A row says that somebody listens for so long; it is set anew before that.
WATCHED = timedelta(minutes=3)
_RENEWED = timedelta(seconds=90)
# Of one person's accounts at most, so that nobody takes all there are.
ONE_PERSON = 50
# Rows looked at for every connection that may be held, where most are over their provider's cap.
_LOOKED_AT = 20


_NEEDED = (
    *("host", "port", "security", "username", "capabilities", "user_id"),
    "credential__changed_at",
)


@dataclass(frozen=True, slots=True)
class Account:
    """What is listened to; with any other value than before it is connected to anew."""

    task_id: int
    provider: str
    host: str
    port: int
    security: str
    username: str
    password_from: datetime
    pin: str = ""


class Connection(Protocol):
    """A signed-in connection that hears of news, as ``protocols.imap.idle`` makes them."""

    def fileno(self) -> int:
        """What becomes readable when there may be news."""

    def take(self) -> bool:
        """Read what came without waiting; whether messages arrived. Raises MailServerError."""

    def renew(self) -> bool:
        """End and begin again, within a deadline; whether messages arrived meanwhile."""

    def close(self) -> None:
        """Hang up."""


def wanted() -> list[Account]:
    """The accounts to listen to now, within the caps; the same ones as long as nothing changes."""
    off = features.switched_off_domains(Feature.RETRIEVAL)
    most: int = settings.PUSH_CONNECTIONS
    if not most or off is None:
        return []
    rows = _signed_in(_encrypted(_listenable())).exclude(user__domain_id__in=off)
    rows = pausing.without_paused(rows).order_by("pk")
    held: Counter[str] = Counter()
    people: Counter[int] = Counter()
    found: list[Account] = []
    pinned = pins.counting()
    for task in rows.select_related("credential").only(*_NEEDED)[: most * _LOOKED_AT]:
        account = _account(task, pinned)
        offered = task.capabilities.upper().split()
        if "IDLE" not in offered or held[account.provider] >= _cap(account):
            continue
        if people[task.user_id] >= ONE_PERSON:
            continue
        held[account.provider] += 1
        people[task.user_id] += 1
        found.append(account)
        if len(found) == most:
            break
    return found


def _account(task: RetrievalTask, pinned: Mapping[tuple[int, str, int], str]) -> Account:
    return Account(
        task_id=task.pk,
        provider=key_of(task.host),
        host=task.host,
        port=task.port,
        security=task.security,
        username=task.username,
        password_from=task.credential.changed_at,
        pin=pinned.get((task.user_id, server_name(task.host).lower(), task.port), ""),
    )


def _listenable() -> QuerySet[RetrievalTask]:
    """Tasks that want to hear of news and are well: a failing one waits for its regular runs.

    Where a server complained of too many connections, the one for the runs is enough.
    """
    return RetrievalTask.objects.filter(
        Q(slowed_until=None) | Q(slowed_until__lt=Now()),
        type=TaskType.IMAP,
        method=Method.AUTOMATIC,
        push_enabled=True,
        state=TaskState.OK,
        first_pass_done_at__isnull=False,
        capabilities__icontains="IDLE",
        user__is_active=True,
        user__delete_after=None,
    )


def _encrypted(rows: QuerySet[RetrievalTask]) -> QuerySet[RetrievalTask]:
    """Without those whose domain does not allow the clear text they are reached by."""
    off = features.switched_off_domains(Feature.CLEAR_TEXT)
    everybody = Q() if off is None else Q(user__domain_id__in=off)
    return rows.exclude(everybody, security=Security.NONE)


def _signed_in(rows: QuerySet[RetrievalTask]) -> QuerySet[RetrievalTask]:
    """Without those that live by a sign-in at a provider where that is switched off."""
    off = features.switched_off_domains(Feature.OAUTH)
    everybody = Q() if off is None else Q(user__domain_id__in=off)
    rows = rows.exclude(everybody, credential__kind=CredentialKind.OAUTH)
    return rows.exclude(credential__grant__client__enabled=False)


def _cap(account: Account) -> int:
    known = profile_of(account.host).listeners
    return int(settings.PUSH_HOST_CONNECTIONS) if known is None else known


def longest_idle(account: Account) -> float:
    """Seconds after which IDLE is begun anew: servers end it, or forget it, after a while."""
    return float(profile_of(account.host).idle_seconds)


def connect(account: Account, *, now: datetime) -> Connection:
    """Sign in to an account and begin to listen to its Inbox.

    Raises:
        MailServerError: the server did not let us.
        HeldBack: not now, for the provider's sake.
        CredentialError: the password cannot be read.
        RetrievalTask.DoesNotExist: it was deleted, or is not the account it was.
    """
    try:
        task = RetrievalTask.objects.select_related("credential", "user__domain").get(
            pk=account.task_id, host=account.host, port=account.port, username=account.username
        )
        hosts.admit(task, now=now)
        login = logins.login(task.credential, username=task.username, host=task.host, now=now)
        policy = network.policy()
        trust = network.trust(task.user, task.host, task.port)
    finally:
        connection.close()
    endpoint = Endpoint(task.host, task.port, Security(task.security))
    try:
        idler = Idler.open(endpoint, login, policy=policy, trust=trust)
    except TokenExpired:
        logins.refused(task.credential, now=now)
        connection.close()
        raise
    try:
        idler.start()
    except BaseException:
        idler.close()
        raise
    return idler


def mark(task_ids: Collection[int]) -> None:
    """Write on the rows that somebody listens; most calls find nothing to write."""
    rows = RetrievalTask.objects.filter(pk__in=task_ids)
    soon_over = Q(watched_until=None) | Q(watched_until__lt=Now() + _RENEWED)
    rows.filter(soon_over).update(watched_until=Now() + WATCHED)


def unmark(task_ids: Collection[int]) -> None:
    """Nobody listens any more."""
    RetrievalTask.objects.filter(pk__in=task_ids).update(watched_until=None)
