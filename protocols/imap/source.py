"""One signed-in, read-only IMAP connection."""

import contextlib
from collections.abc import Callable, Generator, Sequence
from typing import Self

from protocols.address import AddressPolicy
from protocols.ahead import ReadAhead
from protocols.closing import Closing
from protocols.errors import MailServerError, Refused, Stage
from protocols.imap import connection, folders, messages, reader, scan, search
from protocols.imap.channel import Channel
from protocols.imap.extent import Extent, extent
from protocols.imap.values import (
    Arrived,
    MailboxStatus,
    RemoteMailbox,
    RemoteMeta,
    Survey,
    Surveyed,
    Wanted,
)
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login
from protocols.wire import Wire

STEP = 60.0


class ImapSource(Closing):
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
        self._scanner = scan.Scanner(self._channel, self._server_id())
        self._messages: int | None = None  # in the open mailbox, where that is known

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
        compress: bool = False,
    ) -> Self:
        """Connect, encrypt and sign in, all within `deadline` seconds.

        `total`, when given, bounds everything done with this source, not only the opening.
        `compress` asks for COMPRESS=DEFLATE (RFC 4978) where the server offers it.
        """
        wire, capabilities = connection.signed_in(
            endpoint, login, policy, trust, total or Deadline(deadline)
        )
        source = cls(wire, capabilities)
        try:
            if compress:
                source._compress()
            source._introduce()
        except BaseException:
            wire.close()
            raise
        if total is None:
            wire.release()
        return source

    @property
    def round_trip(self) -> float:
        """Seconds a question and its answer took while signing in, at best; 0: not known."""
        return self._wire.round_trip

    def list_folders(self) -> list[RemoteMailbox]:
        """Every mailbox of the user's own, with its status where the server tells."""
        return folders.list_folders(self._channel, self.capabilities)

    def extent(self, boxes: Sequence[RemoteMailbox]) -> Extent:
        """How much lies in these mailboxes and what the quota is, as far as that is cheap to ask.

        Which mailbox is open afterwards is not defined.
        """
        self._messages = None
        return extent(self._channel, self.capabilities, boxes)

    def examine(self, raw_name: bytes) -> MailboxStatus:
        """Open one mailbox read-only; its numbers as of now, 0 where the server is silent."""
        self._wire.limit(STEP, Stage.FOLDERS)
        status = scan.opened(self._channel, self._channel.send(b"EXAMINE", raw_name))
        self._messages = status.messages
        return status

    def uid_at(self, position: int) -> int | None:
        """The UID of the message at this place in the open mailbox (1 is the oldest), if told."""
        self._wire.limit(STEP, Stage.FETCH)
        for parts in self._channel.run(b"FETCH %d (UID)" % position):
            meta = messages.fetch_meta(parts)
            if meta is not None:
                return meta.uid
        return None

    def scan(self, lo: int, hi: int, message_ids: bool = False) -> list[RemoteMeta]:
        """What lies between two UIDs of the open mailbox, both included, by UID."""
        # Some servers answer BAD to a FETCH in an empty mailbox.
        if self._messages == 0 or hi < lo:
            return []
        return self._scanner.all(lo, hi, message_ids=message_ids)

    def survey(self, wanted: Sequence[Survey], depth: int = 20) -> Generator[Surveyed]:
        """Open and scan many mailboxes read-only, in order, `depth` of them on their way.

        With a depth of 1 there is one command at a time, for servers that bear nothing else, and
        an empty mailbox is not asked for anything.  A mailbox that is refused is an answer like
        any other.  Which one is open afterwards is not defined.  Leaving early closes the
        connection.
        """
        self._messages = None
        return scan.survey(self._scanner, wanted, depth)

    def bodies(
        self, take: Callable[[], Wanted | None], *, depth: int, ahead: int = 2
    ) -> ReadAhead[Arrived]:
        """Bodies of any mailboxes, read by a thread of its own while the caller stores.

        `take` is asked for the next batch whenever fewer than `depth` are on their way, from that
        thread; None says that there is nothing more.  Mailboxes are opened as the batches name
        them.  A refused batch says so in `Arrived.refusal`, and the others go on; any other
        error is raised here after the batches that came before it.  Until the iterator is done or
        closed nothing else may be asked of this source; closing it early ends the connection.

        At most `depth` + `ahead` + 1 batches lie in memory; large bodies lie on disk.
        """
        self._messages = None
        return reader.bodies(self._channel, take, depth=depth, ahead=ahead)

    def look(self, raw_name: bytes, sought: search.Sought) -> tuple[MailboxStatus, list[int]]:
        """Open a mailbox read-only and look for messages: its numbers and UIDs, newest first."""
        self._messages = None
        return search.look(self._channel, raw_name, sought)

    def heads(self, uids: Sequence[int]) -> list[search.Head]:
        """Subject, sender, date and id of messages in the open mailbox, newest first."""
        return search.heads(self._channel, uids)

    def newest(self, raw_name: bytes, most: int) -> tuple[MailboxStatus, list[search.Head]]:
        """Open a mailbox read-only and read the heads of its last messages, newest first."""
        self._messages = None
        return search.newest(self._channel, raw_name, most)

    def close(self) -> None:
        """Sign out without waiting for the answer."""
        if not self._wire.closed:
            try:
                self._wire.limit(2, self._wire.stage)
                self._channel.send(b"LOGOUT")
            except MailServerError:
                pass
            self._wire.close()

    def _compress(self) -> None:
        if "COMPRESS=DEFLATE" not in self.capabilities:
            return
        with contextlib.suppress(Refused):  # offered, yet refused: it goes without
            self._channel.run(b"COMPRESS DEFLATE")
            self._wire.compress()

    def _introduce(self) -> None:
        """Say who we are, without a round trip of its own."""
        if "ID" in self.capabilities:
            self._channel.mention(connection.WHO)

    def _server_id(self) -> bytes:
        """The item by which this server names a message across mailboxes, if it has one."""
        if "X-GM-EXT-1" in self.capabilities:
            return b" X-GM-MSGID"
        return b" EMAILID" if "OBJECTID" in self.capabilities else b""
