"""One signed-in, read-only IMAP connection."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from protocols import greet
from protocols.address import AddressPolicy
from protocols.errors import MailServerError, Stage
from protocols.imap import connection, fetch, folders, parse
from protocols.imap.arguments import batches
from protocols.imap.channel import Channel
from protocols.imap.values import FetchedMessage, MailboxStatus, RemoteMailbox, RemoteMeta
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login
from protocols.wire import Wire

STEP = 60.0
_EXISTS = re.compile(rb"\* (\d{1,10}) EXISTS", re.I)
_CODES = re.compile(rb"\[(UIDVALIDITY|UIDNEXT) (\d{1,10})\]", re.I)


class ImapSource:
    """A mailbox owner's view of an IMAP server; changes nothing on it.

    Mailboxes are opened with EXAMINE and bodies fetched with BODY.PEEK[], so no message is marked
    as seen.  Every method raises a `MailServerError`; after any other than `Refused` the
    connection is closed.
    """

    def __init__(self, wire: Wire, capabilities: frozenset[str]) -> None:
        """Use `open`."""
        self.capabilities = capabilities
        self._wire = wire
        self._channel = Channel(wire, capabilities)
        self._messages = 0

    @classmethod
    def open(
        cls,
        endpoint: Endpoint,
        login: Login,
        *,
        policy: AddressPolicy,
        trust: Trust,
        deadline: float = 60.0,
        total: Deadline | None = None,
    ) -> Self:
        """Connect, encrypt and sign in, all within `deadline` seconds.

        `total`, when given, bounds everything done with this source, not only the opening.
        """
        wire = greet.dial(endpoint, policy, trust, total or Deadline(deadline))
        try:
            capabilities = connection.enter(wire, login, endpoint.security, trust)
        except BaseException:
            wire.close()
            raise
        if total is None:
            wire.release()
        return cls(wire, capabilities)

    def list_folders(self) -> list[RemoteMailbox]:
        """Every mailbox of the user's own, with its status where the server tells."""
        self._wire.limit(STEP, Stage.FOLDERS)
        return folders.list_folders(self._channel, self.capabilities)

    def examine(self, raw_name: bytes) -> MailboxStatus:
        """Open one mailbox read-only; its numbers as of now, 0 where the server is silent."""
        self._wire.limit(STEP, Stage.FOLDERS)
        exists, codes = 0, dict[bytes, int]()
        for parts in self._channel.run(b"EXAMINE", raw_name):
            line = parts[0] if isinstance(parts[0], bytes) else b""
            if match := _EXISTS.match(line):
                exists = min(int(match[1]), parse.MOST_MESSAGES)
            elif line[:5].upper() == b"* OK ":
                found = _CODES.findall(line)
                codes.update((key.upper(), parse.sane(int(value))) for key, value in found)
        self._messages = exists
        return MailboxStatus(codes.get(b"UIDVALIDITY", 0), codes.get(b"UIDNEXT", 0), exists)

    def uid_at(self, position: int) -> int | None:
        """The UID of the message at this place in the open mailbox (1 is the oldest), if told."""
        self._wire.limit(STEP, Stage.FETCH)
        for parts in self._channel.run(b"FETCH %d (UID)" % position):
            meta = parse.fetch_meta(parts)
            if meta is not None:
                return meta.uid
        return None

    def scan(self, lo: int, hi: int) -> list[RemoteMeta]:
        """What lies between two UIDs of the open mailbox, both included, by UID."""
        # Some servers answer BAD to a FETCH in an empty mailbox.
        if self._messages == 0 or hi < lo:
            return []
        self._wire.limit(STEP, Stage.FETCH)
        found: dict[int, RemoteMeta] = {}
        command = b"UID FETCH %d:%d (UID RFC822.SIZE INTERNALDATE FLAGS" % (lo, hi)
        for parts in self._channel.run(command + self._server_id() + b")"):
            meta = parse.fetch_meta(parts)
            if meta is None or not lo <= meta.uid <= hi:
                continue
            # A change of flags reported in between must not hide the full answer.
            if meta.uid not in found or meta.size is not None:
                found[meta.uid] = meta
        return [found[uid] for uid in sorted(found)]

    def fetch(
        self,
        uids: Sequence[int],
        *,
        batch: int = 50,
        batch_bytes: int = 8 << 20,
        sizes: Mapping[int, int] | None = None,
        depth: int = 3,
    ) -> Iterator[list[FetchedMessage]]:
        """The bodies of these UIDs of the open mailbox, batch by batch, `depth` on their way.

        A UID without a body in the answer is left out: still pending, to be asked for again.
        A refused batch is yielded as far as it came and the others follow; `Refused` is raised
        at the end, or after several refusals in a row.
        """
        return fetch.stream(self._channel, batches(uids, sizes or {}, batch, batch_bytes), depth)

    def close(self) -> None:
        """Sign out without waiting for the answer."""
        if not self._wire.closed:
            try:
                self._wire.limit(2, self._wire.stage)
                self._channel.send(b"LOGOUT")
            except MailServerError:
                pass
            self._wire.close()

    def _server_id(self) -> bytes:
        """The item by which this server names a message across mailboxes, if it has one."""
        if "X-GM-EXT-1" in self.capabilities:
            return b" X-GM-MSGID"
        return b" EMAILID" if "OBJECTID" in self.capabilities else b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
