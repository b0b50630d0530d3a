"""Reading the reports that came back about sent messages, and what they say about each.

A report is somebody's word. It is matched to a message of the same person by the ids it names,
and changes what is shown about its recipients; whether and what is sent stays as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from lib.prepared import Prepared
from mailstore.models import Message
from mailstore.services import blobs
from smtp_accounts import addresses, returned
from smtp_accounts.models import OutboxMessage, OutboxRecipient, ReturnedReport
from smtp_accounts.reported import Delivery, delivery
from smtp_accounts.returned import Action, Kind, Outcome, Report
from smtp_accounts.services import telling

log = logging.getLogger(__name__)
BATCH = 50


def read_due(*, now: datetime) -> int:
    """Read reports that were noticed, the oldest first; how many. Call it outside transactions.

    However many workers look, each report counts once; one that cannot be read is put aside.
    """
    waiting = ReturnedReport.objects.filter(read_at=None).order_by("pk")
    rows = list(waiting.select_related("message__blob__segment", "message__user")[:BATCH])
    for row in rows:
        try:
            _take(row, returned.parse(blobs.read(row.message.blob)), now)
        except Exception:  # what comes after in the queue must not wait for it for ever
            log.exception("report %s cannot be read", row.pk)
            _take(row, None, now)
    return len(rows)


def _take(row: ReturnedReport, report: Report | None, now: datetime) -> None:
    with transaction.atomic():
        unread = ReturnedReport.objects.filter(pk=row.pk, read_at=None)
        if not unread.update(read_at=now) or report is None:
            return
        outbox = _about(row.message, report)
        unread = ReturnedReport.objects.filter(pk=row.pk)
        unread.update(outbox=outbox, kind=str(report.kind))
        if outbox is not None:
            _apply(outbox, report, row.message, now)


def _about(message: Message, report: Report) -> OutboxMessage | None:
    """The message a report is about, if the same person sent it from here."""
    ids = [*_envelope_ids(report.envelope_id), *report.ids]
    sent = {
        one.message_id: one
        for one in OutboxMessage.objects.filter(user=message.user_id, message_id__in=ids)
    }
    return next((sent[one] for one in ids if one in sent), None)


def _envelope_ids(envelope_id: str) -> list[str]:
    """The ENVID is the Message-ID without its brackets; some servers give it back with them."""
    return [f"<{envelope_id.strip('<>')}>"] if envelope_id else []


def _apply(outbox: OutboxMessage, report: Report, message: Message, now: datetime) -> None:
    # In one order everywhere, as several reports may be read at the same time.
    recipients = list(outbox.recipients.select_for_update().order_by("pk"))
    failed: list[OutboxRecipient] = []
    for outcome in report.outcomes or _from_sender(report, message):
        found = _recipient(recipients, outcome, message)
        if found is None:
            continue
        if report.kind is Kind.MDN:
            if report.is_displayed:
                found.displayed_at = found.displayed_at or message.sort_at
        elif _note(found, outcome, message.sort_at):
            failed.append(found)
    OutboxRecipient.objects.bulk_update(
        recipients,
        ["delayed_at", "delivered_at", "bounced_at", "displayed_at", "status", "report_text"],
    )
    if failed:
        telling.came_back(outbox, failed[0], report=message, reporter=report.reporter, now=now)


def _from_sender(report: Report, message: Message) -> tuple[Outcome, ...]:
    """A receipt that names nobody is about who wrote it."""
    if report.kind is not Kind.MDN or not message.from_address:
        return ()
    return (Outcome(message.from_address, "", Action.DELIVERED),)


def _recipient(
    recipients: Sequence[OutboxRecipient], outcome: Outcome, message: Message
) -> OutboxRecipient | None:
    """Whom an outcome is about. Mail that was passed on is reported for another address, so of a
    single recipient everything is told."""
    by_address = {addresses.key(one.address): one for one in recipients}
    for address in (*outcome.addresses, message.from_address):
        if found := by_address.get(addresses.key(address)):
            return found
    return recipients[0] if len(recipients) == 1 else None


def _note(found: OutboxRecipient, outcome: Outcome, at: datetime) -> bool:
    """Write an outcome down; True where it is a failure that was not known yet.

    Of several reports, what ended counts more than what lasts, and a failure most.
    """
    is_news = False
    if outcome.action is Action.FAILED:
        is_news = found.bounced_at is None
        found.bounced_at = found.bounced_at or at
    elif outcome.action is Action.DELIVERED:
        found.delivered_at = found.delivered_at or at
    elif outcome.action is Action.DELAYED:
        found.delayed_at = found.delayed_at or at
    else:
        return False
    settled = outcome.action is not Action.FAILED and found.bounced_at is not None
    if not settled and (is_news or not found.report_text):
        found.status, found.report_text = outcome.status[:16], outcome.words
    return is_news


# Asked of every message that is opened; few of them were sent from here.
_COPIES: Final = Prepared(
    lambda user, copy: OutboxMessage.objects.filter(user=user, sent_copy=copy).values_list("pk"),
    int,
    int,
)


def status_of(message: Message) -> Delivery | None:
    """What became of a message in Sent, for each of its recipients; None where it is none of
    those sent from here. One query, three for a message that is one."""
    if not _COPIES.rows(message.user_id, message.pk):
        return None
    sent = _sent().filter(user=message.user_id, sent_copy=message).first()
    return delivery(sent) if sent is not None else None


def about(message: Message) -> OutboxMessage | None:
    """The message a report in the mailbox is about, where it was sent from here. One query."""
    return _sent().filter(user=message.user_id, reports__message=message).first()


def seen(outbox: OutboxMessage) -> None:
    """Its sender has looked at what became of a message."""
    telling.seen(outbox)


def _sent() -> QuerySet[OutboxMessage]:
    return (
        OutboxMessage.objects.select_related("account", "identity", "sent_copy")
        .prefetch_related("recipients")
        .order_by("-pk")
    )
