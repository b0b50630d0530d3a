"""A server that runs as long as a `with` block."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Running(ABC):
    """Whatever can be started and stopped. One that does not come up leaves nothing running."""

    @abstractmethod
    def start(self) -> Self:
        """Returns when clients can connect."""

    @abstractmethod
    def stop(self) -> None:
        """Stop what runs of it; it may be started again."""

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
