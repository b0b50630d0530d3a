"""One signed-in, read-only IMAP connection."""

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from protocols.address import AddressPolicy
from protocols.imap.values import (
    FetchedMessage,
    MailboxStatus,
    RemoteMailbox,
    RemoteMeta,
)
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login


class ImapSource:
    """A mailbox owner's view of an IMAP server; leaves no trace on it."""

    capabilities: frozenset[str]

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
        """Connect, encrypt, sign in."""
        raise NotImplementedError

    def list_folders(self) -> list[RemoteMailbox]:
        """Every mailbox, with its status where the server tells."""
        raise NotImplementedError

    def examine(self, raw_name: bytes) -> MailboxStatus:
        """Open one mailbox read-only."""
        raise NotImplementedError

    def scan(self, lo: int, hi: int) -> list[RemoteMeta]:
        """What lies between two UIDs of the open mailbox, both included."""
        raise NotImplementedError

    def fetch(
        self,
        uids: Sequence[int],
        *,
        batch: int = 50,
        batch_bytes: int = 8 << 20,
        sizes: Mapping[int, int] | None = None,
        depth: int = 3,
    ) -> Iterator[list[FetchedMessage]]:
        """The bodies of these UIDs, batch by batch."""
        raise NotImplementedError

    def close(self) -> None:
        """Sign out without waiting for the answer."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
