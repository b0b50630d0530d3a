"""What receiving servers found out about own mail that came back, from a list or to oneself.

Only the server that received it is believed: the results in a message are anybody's to write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mailstore import auth_results, receivers
from mailstore.auth_results import Results
from smtp_accounts.models import Alignment, Identity, OutboxMessage, SmtpAccount

if TYPE_CHECKING:
    from filtering.arrivals import Arrived
    from mailstore.models import Message


def filed(arrived: Sequence[Arrived]) -> None:
    """Keep the results on messages that the same person sent from here.

    Runs in the transaction that files them: one query for a batch in which nothing is from an
    own address.
    """
    told = [one for one in arrived if one.said.authentication_results and one.message.source_id]
    if not told:
        return
    own = _identities({one.message.user_id for one in told})
    for one in told:
        identity = own.get((one.message.user_id, one.message.from_address.casefold()))
        if identity is not None:
            _note(identity, one.message, one.said.authentication_results)


def _identities(users: set[int]) -> dict[tuple[int, str], Identity]:
    rows = Identity.objects.filter(user__in=users).order_by("-pk")
    return {(one.user_id, one.address.casefold()): one for one in rows}


def _note(identity: Identity, message: Message, field: str) -> None:
    found = auth_results.read(field)
    if found is None or not message.message_id or not is_trusted(found, message):
        return
    # Whoever knows the address can write from it; the id is known to those it was sent to.
    if not OutboxMessage.objects.filter(
        user=message.user_id, message_id=message.message_id
    ).exists():
        return
    Alignment.objects.update_or_create(
        identity=identity, defaults={"results": found.as_facts, "results_at": message.sort_at}
    )


def is_trusted(found: Results, message: Message) -> bool:
    """Whether the results are from the server that received the message."""
    hosts = [message.source.address.rpartition("@")[2]] if message.source else []
    hosts += SmtpAccount.objects.filter(source=message.source_id).values_list("host", flat=True)
    return receivers.is_one_of(found.server, hosts)
