"""Receiving and sending as one account: one form, one test, one secret.

The rooms of both halves stand above this one and beside each other, so they are named by path.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.module_loading import import_string

from accounts.models import User
from connectivity.cause import Explained
from connectivity.models import Credential
from connectivity.providers import Server
from protocols.check import CheckReport
from protocols.types import Login

SENDING = "smtp_accounts.services.pairing"
#: Called with the arguments of `mended` when a shared secret works again.
MENDED = (f"{SENDING}.mended", "retrieval.services.pairing.mended")


@dataclass(frozen=True, slots=True)
class SendTest:
    """How the test of the sending half went; ``problem`` is None exactly if all went well.

    ``report`` is None if no server was asked, because the answer was known before.
    """

    report: CheckReport | None
    problem: Explained | None


def is_offered(*, user: User, address: str) -> bool:
    """Whether "Also send as" makes sense: sending is on, and nothing sends as the address yet."""
    return bool(address and _call("is_offered", user=user, address=address))


def check(
    *, user: User, address: str, server: Server, login: Login, now: datetime, seconds: float
) -> SendTest:
    """Offer ``address`` as a sender to ``server`` in ``seconds``; nothing is sent or stored."""
    answer: SendTest = _call(
        "check", user=user, address=address, server=server, login=login, now=now, seconds=seconds
    )
    return answer


def add(
    *,
    user: User,
    address: str,
    server: Server,
    username: str,
    credential: Credential,
    now: datetime,
) -> None:
    """Make the SMTP account with this very credential. Inside the caller's transaction."""
    _call(
        "add",
        user=user,
        address=address,
        server=server,
        username=username,
        credential=credential,
        now=now,
    )


def mended(*, credential: Credential, replaces: Credential, now: datetime) -> None:
    """A secret was given anew and works: every account that had the old one goes on with it.

    Inside the caller's transaction.
    """
    for path in MENDED:
        import_string(path)(credential=credential, replaces=replaces, now=now)


def taken_again(*, credential: Credential, now: datetime) -> None:
    """The secret that mail is retrieved with was refused, and is taken again as it was.

    What is sent with it goes on at once, too. Inside the caller's transaction.
    """
    _call("mended", credential=credential, replaces=credential, now=now)


def senders(credentials: Collection[UUID]) -> dict[UUID, list[str]]:
    """The addresses that are sent from with these secrets; one query."""
    found: dict[UUID, list[str]] = _call("senders", credentials=credentials)
    return found


def _call(name: str, **given: Any) -> Any:
    return import_string(f"{SENDING}.{name}")(**given)
