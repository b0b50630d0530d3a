"""What a maildrop lists and hands out."""

from dataclasses import dataclass

from protocols.body import Body


@dataclass(frozen=True, slots=True)
class PopEntry:
    """One message of a maildrop; `number` holds for this session only, `uidl` may be missing.

    `size` is what LIST told in bytes: a hint, which some servers get wrong.
    """

    number: int
    uidl: str | None
    size: int


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The answer to one RETR: a body, or None and the server's redacted words."""

    number: int
    body: Body | None
    refusal: str = ""
