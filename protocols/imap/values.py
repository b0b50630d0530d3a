"""What an IMAP source hands out: frozen values, no behaviour."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from protocols.body import Body
from protocols.errors import Refused


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
    """What a scan learns about one message; `server_id` is X-GM-MSGID or EMAILID, else "".

    `message_id` is the value of its Message-ID header field where that was asked for, else b"".
    """

    uid: int
    size: int | None
    internal_at: datetime | None
    flags: frozenset[str]
    server_id: str
    message_id: bytes = b""


@dataclass(frozen=True, slots=True)
class FetchedMessage:
    """One message brought over, byte for byte."""

    uid: int
    body: Body
    flags: frozenset[str]
    internal_at: datetime | None


@dataclass(frozen=True, slots=True)
class Survey:
    """A question to one mailbox: its numbers, and what lies from `lo` to `hi` (0: numbers only)."""

    raw_name: bytes
    lo: int = 1
    hi: int = 0
    message_ids: bool = False


@dataclass(frozen=True, slots=True)
class Surveyed:
    """The answer to a `Survey`; without `status` the mailbox could not be opened."""

    survey: Survey
    status: MailboxStatus | None
    metas: list[RemoteMeta]
    refusal: Refused | None = None


class Form(StrEnum):
    """How a body is asked for; the later ones are for servers that fail at the first."""

    WHOLE = "whole"  # BODY.PEEK[]
    PIECES = "pieces"  # BODY.PEEK[]<start.length>, one after another
    HALVES = "halves"  # BODY.PEEK[HEADER] and BODY.PEEK[TEXT]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One batch of bodies of one mailbox; `uidvalidity` 0 is not compared."""

    raw_name: bytes
    uidvalidity: int
    uids: tuple[int, ...]
    form: Form = Form.WHOLE


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came of a `Wanted`, in its order; what is missing was withheld by the server.

    `refusal` is its NO or BAD; with `turned` the UIDVALIDITY was another one and nothing was
    fetched. `slowed` says that the server asked for patience in passing ([THROTTLED] on OK).
    """

    wanted: Wanted
    messages: list[FetchedMessage] = field(default_factory=list)
    refusal: Refused | None = None
    turned: bool = False
    slowed: bool = False
