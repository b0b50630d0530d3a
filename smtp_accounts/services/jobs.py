"""What an attempt needs to know, asked for several messages at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connectivity.models import Feature
from connectivity.services import features
from mailstore.models import Folder
from smtp_accounts.models import OutboxMessage, OutboxRecipient
from smtp_accounts.services import daily, queue, routes, sent
from smtp_accounts.services.limits import OPEN
from smtp_accounts.services.routes import Split


@dataclass(frozen=True, slots=True)
class Job:
    """A message to work on, with its recipients, the ways to them, and where its copy belongs.

    ``daily`` is how many messages its sender may send in 24 hours, None where nobody limits it.
    What is known of the recipients is kept right here as the attempt goes on: nobody else writes
    their states while the message is ours.
    """

    message: OutboxMessage
    recipients: Sequence[OutboxRecipient]
    split: Split
    folder: Folder
    is_enabled: bool
    daily: int | None = None

    @property
    def open(self) -> list[OutboxRecipient]:
        """Those who have neither got it nor been refused."""
        return [one for one in self.recipients if one.state in OPEN]


def first(*, outbox_id: int, fence: int, now: datetime) -> Job | None:
    """Begin work on a claimed message; None where the hint is old (`queue.start`)."""
    message = queue.start(outbox_id=outbox_id, fence=fence, now=now)
    return _jobs([message])[0] if message is not None else None


def behind(message: OutboxMessage, *, now: datetime) -> list[Job]:
    """What is due for the same account, oldest first; none of it is begun (`queue.start_due`)."""
    return _jobs(queue.due_behind(message, now=now))


def _jobs(messages: Sequence[OutboxMessage]) -> list[Job]:
    people = {one.user_id: one.user for one in messages}
    enabled = {pk: features.enabled_for(user, Feature.SMTP_ACCOUNTS) for pk, user in people.items()}
    daily_of = daily.allowed([user.domain_id for user in people.values()])
    folders = sent.folders_of(messages)
    waiting = [[one for one in each.recipients.all() if one.state in OPEN] for each in messages]
    splits = routes.split_each([[one.address for one in to] for to in waiting])
    return [
        Job(
            each,
            list(each.recipients.all()),
            split,
            folders[each.pk],
            enabled[each.user_id],
            daily_of[each.user.domain_id],
        )
        for each, split in zip(messages, splits, strict=True)
    ]
