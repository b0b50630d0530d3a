"""How far a message that comes in is screened."""

from enum import Enum


class Screen(Enum):
    """Nothing, what filters say of its content, or all of it, spam too."""

    NOTHING = "nothing"
    CONTENT = "content"
    ALL = "all"

    @classmethod
    def when(cls, is_on: bool) -> "Screen":
        """Of an account that has its mail screened, or not."""
        return cls.ALL if is_on else cls.NOTHING
