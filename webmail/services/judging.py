"""Finding out who really sent a message, when it is first looked at; see `mailstore.verdict`.

Nothing waits for it: the page asks after the message is shown. DNS is asked by few requests at
once and within one deadline; what is not answered is said to be unknown and asked another time.
What was found stays, because senders take their keys away after a while.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from accounts.models import User
from connectivity.services import network
from mailstore import auth_results, dkim_check, headers, mime, trace, verdict
from mailstore.dkim_check import UnansweredError
from mailstore.headers import Headers
from mailstore.models import Message, Verdict
from mailstore.services import blobs
from mailstore.verdict import Findings
from protocols import dns
from protocols.errors import MailServerError
from protocols.types import Deadline
from smtp_accounts import alignment
from smtp_accounts.models import OutboxMessage
from smtp_accounts.services import aligning, results

SECONDS: Final = 4.0
"""For all questions about one message."""
#: Requests that wait for DNS at once. There are eight threads for all pages.
AT_ONCE: Final = 2
AGAIN: Final = timedelta(minutes=10)
_turns = threading.BoundedSemaphore(AT_ONCE)
_SEALER: Final = re.compile(rb"(?:^|;)\s{0,20}d\s{0,5}=\s{0,5}([A-Za-z0-9.-]{1,253})")


class Busy(Exception):
    """Too many ask at the moment."""


def found(message: Message, *, now: datetime) -> Findings:
    """What is known of the sender; found out now where it is not. Raises `Busy`, BlobUnreadable."""
    row = Verdict.objects.filter(message=message).first()
    if row is not None:
        kept = Findings.of_row(row.found)
        if kept.state != verdict.WAITS or row.checked_at > now - AGAIN:
            return kept
    if not _turns.acquire(blocking=False):
        raise Busy
    try:
        made = _find(message)
    finally:
        _turns.release()
    _keep(message, made, now)
    return made


def is_from_here(message: Message) -> bool:
    """Whether somebody here sent it and it was delivered without leaving: what comes from another
    server has a source, whatever it says of itself."""
    if message.source_id is not None or not message.message_id:
        return False
    sender = User.objects.filter(email__iexact=message.from_address).values("pk")
    sent = OutboxMessage.objects.filter(user__in=sender, message_id=message.message_id)
    return sent.exists()


def _keep(message: Message, made: Findings, now: datetime) -> None:
    try:
        with transaction.atomic():
            values = {"found": made.as_row, "checked_at": now}
            Verdict.objects.update_or_create(message=message, defaults=values)
    except IntegrityError:
        # The message is gone, or somebody else found the same out at the same time.
        return


def _find(message: Message) -> Findings:
    raw = blobs.read(message.blob)
    fields = headers.parse(raw)
    asking = _Asking()
    domain = _domain(fields)
    signatures = tuple(dkim_check.check(raw, asking, message.sort_at))
    policy, is_known = _policy(domain, asking) if domain else ("", True)
    made = Findings(
        domain,
        signatures,
        policy,
        is_known,
        arc=_sealer(fields),
        is_listed=bool(fields.raw("list-id") or fields.raw("list-post")),
    )
    return verdict.decided(_with_results(made, fields, message), _same)


def _domain(fields: Headers) -> str:
    """The domain of the one sender; empty where several are named."""
    people = mime.people(fields, "from")
    if len(people) != 1 or len(fields.all("from")) != 1:
        return ""
    return people[0].address.rpartition("@")[2].rstrip(".").lower()


def _same(one: str, other: str) -> bool:
    return bool(one) and aligning.organisation(one) == aligning.organisation(other)


def _policy(domain: str, asking: _Asking) -> tuple[str, bool]:
    """What a domain wants done with mail that is not proven, and whether DNS answered."""
    for at in dict.fromkeys((domain, aligning.organisation(domain))):
        try:
            records = [one for one in asking(f"_dmarc.{at}") if alignment.is_dmarc(one)]
        except UnansweredError:
            return "", False
        # Several records count as none (RFC 7489 section 6.6.3).
        if len(records) == 1:
            return alignment.policy(records[0], is_inherited=at != domain).policy, True
    return "", True


def _with_results(made: Findings, fields: Headers, message: Message) -> Findings:
    """With the results of the server that took the message in for us; nobody else's."""
    value = trace.read(fields, fields.names).results
    said = auth_results.read(value) if value else None
    if said is None or not results.is_trusted(said, message):
        return made
    server = said.server or (message.source.address.rpartition("@")[2] if message.source else "")
    return replace(
        made,
        spf=said.spf,
        spf_domain=said.spf_domain,
        dmarc=said.dmarc,
        said_by=server,
        has_results=bool(said.spf or said.dmarc),
    )


def _sealer(fields: Headers) -> str:
    """Who sealed the message last on its way (RFC 8617)."""
    match = _SEALER.search(fields.raw("arc-seal")[:2000])
    return match[1].decode().lower() if match else ""


class _Asking:
    """Questions to DNS with one deadline for all of them."""

    def __init__(self) -> None:
        self._deadline = Deadline(SECONDS)
        self._servers = network.nameservers()

    def __call__(self, name: str) -> Sequence[str]:
        """The TXT records of a name. Raises `UnansweredError`."""
        try:
            return dns.texts(name, deadline=self._deadline, nameservers=self._servers)
        except MailServerError:
            raise UnansweredError from None
