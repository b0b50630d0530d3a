"""Reports about sent messages, noticed when they arrive. What they say is read a little later.

Every message of every pull comes by here, so this is quick and loads nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from mailstore.models import Message
from smtp_accounts.models import ReturnedReport, ReturnKind
from smtp_accounts.returned_text import is_from_a_system
from smtp_accounts.services import results

if TYPE_CHECKING:
    from filtering.arrivals import Arrived

#: Servers give up after days; an older report comes with a mailbox that is brought in as a whole.
LATEST = timedelta(days=60)


def filed(arrived: Sequence[Arrived]) -> None:
    """Note which of the messages just filed are reports. Runs in the transaction that files them.

    A report without the type of one is known by its sender.
    """
    rows = [
        ReturnedReport(message=one.message, kind=kind)
        for one in arrived
        if (kind := one.said.report_type or _by_sender(one.message)) and not _is_of_old(one.message)
    ]
    if rows:
        ReturnedReport.objects.bulk_create(rows)
    results.filed(arrived)


def _is_of_old(message: Message) -> bool:
    return message.is_backfill and message.stored_at - message.sort_at > LATEST


def _by_sender(message: Message) -> str:
    return ReturnKind.DSN if is_from_a_system(message.from_address) else ""
