"""What is closed at the end of a `with` block, however that ends."""

from types import TracebackType
from typing import Self


class Closing:
    """Whatever has a `close` that may be called twice."""

    __slots__ = ()

    def close(self) -> None:
        """Let go of what is held."""
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
