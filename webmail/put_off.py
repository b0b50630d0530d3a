"""What the reading pane says of labels, snoozes and reminders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from mailstore.models import FolderRole, Label, Message
from mailstore.services import labels, reminding, snoozing
from webmail import later


@dataclass(frozen=True, slots=True)
class About:
    """Labels of the open message or conversation; until when it is snoozed, when there will be a
    reminder and why it came back, each in words and empty where there is nothing to say."""

    labels: Sequence[Label] = ()
    until: str = ""
    reminder: str = ""
    came_back: str = ""


def about(user: User, message: Message, ids: Sequence[int]) -> About:
    """For the message that was opened, and those shown with it; two queries, three if snoozed."""
    borne = {one.pk: one for some in labels.of(user, ids).values() for one in some}
    until = ""
    if message.folder.role == FolderRole.SNOOZED:
        moments = snoozing.until(user, [message.pk])
        until = later.words(moments[message.pk]) if moments else ""
    waiting, came = reminding.both(user, message.pk)
    return About(
        labels=sorted(borne.values(), key=lambda one: (one.name.casefold(), one.pk)),
        until=until,
        reminder=later.words(waiting.at) if waiting else "",
        came_back=came,
    )
