"""One remote folder during one pull: what is known of it and what is left to do."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from mailstore.models import Folder
from protocols.imap import MailboxStatus
from retrieval import plan
from retrieval.models import RemoteFolder, RemoteFolderState, RetrievalTask
from retrieval.services import remote_folders

_GMAIL_LIMIT = gettext_noop(
    "Gmail may be set to show other programs only the newest messages of a folder. The limit is"
    " in the settings of Gmail, under Forwarding and POP/IMAP."
)
_YAHOO_LIMIT = gettext_noop(
    "Yahoo shows other programs only the newest 10,000 messages of a folder. All of them can be"
    " fetched from the server export.imap.mail.yahoo.com."
)
_ANY_LIMIT = gettext_noop(
    "The server shows exactly so many messages of this folder as some providers show at most."
    " There may be more behind a limit in the provider's settings."
)
_UNSTABLE = gettext_noop(
    "The server keeps giving the messages of this folder new numbers. It is looked into once an"
    " hour, and messages that are here already are recognised by their content."
)


@dataclass(slots=True, eq=False)
class Job:
    """A folder that is looked into in this pull.

    ``ranges`` of UIDs are still to be scanned, as (first, last, upwards); ``status`` is the
    snapshot they come from. ``told`` counts the messages the server told of above the watermark;
    ``nothing_above`` is whether its last message lies below, as it said when asked for that one.
    ``counted`` is the UID up to which the noted counts hold, 0 where they do not. Answers of an
    earlier ``epoch`` are void; ``is_narrow`` asks for one window at a time. ``is_fresh`` is whether
    the ledger has no row of it yet: its UIDVALIDITY is noted together with the first of them.
    """

    row: RemoteFolder
    box: plan.Mailbox
    place: plan.Place
    status: MailboxStatus | None
    ranges: deque[tuple[int, int, bool]] = field(default_factory=deque)
    position: int | None = None
    epoch: int = 0
    reopened: int = 0
    is_narrow: bool = False
    is_fresh: bool = False
    told: int = 0
    counted: int = 0
    estimate: int = 0
    resumed: bool = False
    again: bool = False
    nothing_above: bool = False
    scanned: bool = False
    opened: bool = False
    first_pass: bool = False
    refused: str = ""

    def __post_init__(self) -> None:
        row = self.row
        # Where nothing was open, what was counted is all there was below the watermark.
        if row.counts and row.settled_uid == row.uidnext_scanned - 1:
            self.counted = row.settled_uid

    @property
    def is_all(self) -> bool:
        """Whether it shows what lies in the other folders too."""
        return self.box.role == "all"

    @property
    def is_out(self) -> bool:
        """Whether nothing more is asked of it in this pull."""
        return bool(self.refused)

    def folder(self, task: RetrievalTask) -> Folder:
        """The folder here that its mail goes to."""
        return remote_folders.local_folder(task, self.row, self.place)

    def note(self, provider: str) -> str:
        """What a person should know of it although it was read well."""
        if self.row.state == RemoteFolderState.UNSTABLE:
            return _UNSTABLE
        return limit_note(provider, self.status.messages if self.status else 0)


def limit_note(provider: str, messages: int) -> str:
    """A hint where a count looks like a limit of the provider's and not of the mailbox."""
    if messages not in plan.LIKELY_LIMITS:
        return ""
    return {"gmail": _GMAIL_LIMIT, "yahoo": _YAHOO_LIMIT}.get(provider, _ANY_LIMIT)
