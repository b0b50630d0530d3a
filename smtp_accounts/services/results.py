"""What receiving servers found out about own mail that came back, from a list or to oneself.

Only the server that received it is believed: the results in a message are anybody's to write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from smtp_accounts import auth_results
from smtp_accounts.auth_results import Results
from smtp_accounts.models import Alignment, Identity, OutboxMessage, SmtpAccount

if TYPE_CHECKING:
    from filtering.arrivals import Arrived
    from mailstore.models import Message

#: Whose name stands in the results of receivers that are reached by another one.
_RECEIVERS: Mapping[str, str] = {
    "googlemail.com": "google.com",
    "gmail.com": "google.com",
    "office365.com": "outlook.com",
    "hotmail.com": "outlook.com",
    "live.com": "outlook.com",
    "msn.com": "outlook.com",
    "fastmail.com": "messagingengine.com",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "ymail.com": "yahoo.com",
    "aol.com": "yahoo.com",
    "gmx.de": "gmx.net",
}
#: Its receivers do not say who they are.
_NAMELESS = "outlook.com"


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
    receivers = {_receiver(one) for one in hosts if one}
    return _receiver(found.server) in receivers if found.server else _NAMELESS in receivers


def _receiver(host: str) -> str:
    """Whose server it is: the last two or, below short suffixes, three labels of its name."""
    labels = host.lower().rstrip(".").split(".")
    # The list of public suffixes takes too long to load for every pull.
    size = 3 if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3 else 2
    name = ".".join(labels[-size:])
    return _RECEIVERS.get(name, name)
