"""What an IMAP source hands out: frozen values, no behaviour."""

from dataclasses import dataclass
from datetime import datetime

from protocols.body import Body


@dataclass(frozen=True, slots=True)
class MailboxStatus:
    """How far a mailbox goes; 0 where the server did not say (RFC 3501 2.3.1.1)."""

    uidvalidity: int
    uidnext: int
    messages: int


@dataclass(frozen=True, slots=True)
class RemoteMailbox:
    """One line of LIST.

    `raw_name` is the key: exactly the server's bytes.  `name` is for people: decoded from
    modified UTF-7 or UTF-8, never failing.  `role` is "" or one of inbox, drafts, sent, archive,
    junk, trash, and the views all, flagged, important.  `status` is None where the server would
    not tell.
    """

    raw_name: bytes
    name: str
    delimiter: str | None
    role: str
    selectable: bool
    status: MailboxStatus | None


@dataclass(frozen=True, slots=True)
class RemoteMeta:
    """What a scan learns about one message; `server_id` is X-GM-MSGID or EMAILID, else ""."""

    uid: int
    size: int | None
    internal_at: datetime | None
    flags: frozenset[str]
    server_id: str


@dataclass(frozen=True, slots=True)
class FetchedMessage:
    """One message brought over, byte for byte."""

    uid: int
    body: Body
    flags: frozenset[str]
    internal_at: datetime | None
