"""POP3 (RFC 1939) as a source of mail, on our own wire."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from protocols.address import AddressPolicy
from protocols.body import Body
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login


@dataclass(frozen=True, slots=True)
class PopEntry:
    """One message of a maildrop; `number` holds for this session only, `uidl` may be missing."""

    number: int
    uidl: str | None
    size: int


class Pop3Source:
    """One signed-in POP3 session.  Leaving it as a context manager drops it without QUIT."""

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

    def listing(self) -> list[PopEntry]:
        """Every message of the maildrop."""
        raise NotImplementedError

    def retrieve(self, numbers: Sequence[int]) -> Iterator[tuple[int, Body]]:
        """The bodies of these messages, in order."""
        raise NotImplementedError

    def delete(self, numbers: Sequence[int]) -> None:
        """Mark messages to be removed when `quit` is answered."""
        raise NotImplementedError

    def quit(self) -> bool:
        """End the session; True when the server confirmed it, so deletions took effect."""
        raise NotImplementedError

    def drop(self) -> None:
        """Close the connection without QUIT: nothing is removed or marked at the server."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.drop()
