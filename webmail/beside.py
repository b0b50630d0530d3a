"""What other tables say about the messages of a page. Each is asked only where it may know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from accounts.models import User
from mailstore import conversations
from mailstore.conversations import About
from mailstore.models import FolderRole, Label
from mailstore.paging import Line
from mailstore.services import labels, reminding, snoozing
from smtp_accounts.services import marks
from smtp_accounts.services.marks import Mark
from webmail.figures import Figures
from webmail.tree import Tree


@dataclass(frozen=True)
class Beside:
    """By message id: what went wrong with what was sent, labels, until when it is snoozed, why it
    came back; by thread id: its conversation. ``mine`` are the reader's own addresses."""

    marks: Mapping[int, Mark] = field(default_factory=dict)
    labels: Mapping[int, Sequence[Label]] = field(default_factory=dict)
    snoozed: Mapping[int, dt.datetime] = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)
    threads: Mapping[int, About] = field(default_factory=dict)
    mine: frozenset[str] = frozenset()


def beside(
    user: User, tree: Tree, known: Figures, lines: Sequence[Line], threaded: frozenset[int] | None
) -> Beside:
    """For the lines of one page. ``threaded`` are the folders of which a list of conversations
    shows mail, None for a list of messages."""
    ids = [one.id for one in lines]
    roles = {pk: folder.role for pk, folder in tree.folders.items()}
    # What is in an Inbox was not sent from here.
    sent = [one.id for one in lines if roles.get(one.folder_id) != FolderRole.INBOX]
    put_off = [one.id for one in lines if roles.get(one.folder_id) == FolderRole.SNOOZED]
    about: Mapping[int, About] = {}
    if threaded is not None:
        about = conversations.about(
            user, {one.thread_id for one in lines if one.thread_id}, folders=threaded
        )
    return Beside(
        marks=marks.of(user, sent) if sent and known.late else {},
        labels=labels.of(user, ids) if ids and known.labels else {},
        snoozed=snoozing.until(user, put_off) if put_off else {},
        notes=reminding.notes(user, ids) if ids and known.returned else {},
        threads=about,
        mine=frozenset({user.email.casefold()}),
    )
