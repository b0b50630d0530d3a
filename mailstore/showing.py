"""HTML of a message ready for its frame, made once and kept.

Cleaning takes longer than all the rest of opening a message. Its result depends on the bytes of
the message and a few choices, so it is kept by these. What differs each time are the addresses of
pictures: they are signed and expire. In what is kept stands a place for each, named by a random
word that no sender can know; the places are filled when it is shown, and only by letters that end
no attribute, no url() and no element.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Final

from lib.disk_cache import DiskCache
from mailstore import links, sanitise
from mailstore.html_tree import Edit
from mailstore.quotes import fold_quotes
from mailstore.trackers import Trackers

#: Raised with every change of what cleaning makes, so that nothing older is shown.
VERSION: Final = 6
#: Done to every tree before the last cleaning. They know nothing of who looks at it.
EDITS: tuple[Edit, ...] = (links.mark,)
CACHE: Final = DiskCache("shown")
_TOKEN = re.compile(r"[A-Za-z0-9_:./-]*\Z")


@dataclass(frozen=True, slots=True)
class Choices:
    """How the HTML is to be made: with remote pictures, through our own site (`proxy`) or straight
    from where they are, and with colours for dark pages."""

    remote: bool = False
    proxy: bool = True
    for_dark: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """What stands at a place: a part of the message by its index, or an address elsewhere."""

    index: int = -1
    address: str = ""


# Where a picture may be had today.
Where = Callable[[Picture], str]


@dataclass(frozen=True, slots=True)
class Shown:
    """HTML with places for pictures, and what was found out on the way.

    `blocked` counts pictures that are not shown, `trackers` those that never are.
    """

    html: str
    blocked: int = 0
    trackers: int = 0
    simplified: bool = False
    own_colours: bool = False
    word: str = ""
    pictures: list[tuple[int, str]] = field(default_factory=list)

    def filled(self, where: Where) -> str:
        """The HTML with the addresses of its pictures."""
        if not self.pictures:
            return self.html

        def address(found: re.Match[str]) -> str:
            made = where(Picture(*self.pictures[int(found[1])]))
            return made if _TOKEN.match(made) else ""

        return re.sub(_place(self.word, r"(\d{1,6})"), address, self.html)


def shown(
    sha256: bytes, source: Callable[[], Source], choices: Choices, edits: tuple[Edit, ...] = ()
) -> Shown:
    """What is kept of the message with these bytes, else what is made of `source`, which is
    called for nothing else. What further `edits` are made for one look is not kept."""
    if edits:
        return make(source(), choices, edits)
    key = json.dumps([VERSION, sha256.hex(), asdict(choices)]).encode()
    kept = CACHE.get(key)
    if kept is None:
        made = make(source(), choices)
        CACHE.put(key, json.dumps(asdict(made)).encode())
        return made
    return Shown(**json.loads(kept))


@dataclass(frozen=True, slots=True)
class Source:
    """HTML as it came, and which part each Content-ID is."""

    html: str
    parts: dict[str, int]
    # What is forwarded is what one is to read; what is quoted was read before.
    is_forward: bool = False


def make(source: Source, choices: Choices, edits: tuple[Edit, ...] = ()) -> Shown:
    """Clean the HTML of a message. Never raises."""
    word = secrets.token_hex(16)
    pictures: list[tuple[int, str]] = []

    def place(index: int, address: str) -> str:
        pictures.append((index, address))
        return _place(word, str(len(pictures) - 1))

    def part(content_id: str) -> str | None:
        index = source.parts.get(content_id)
        return None if index is None else place(index, "")

    trackers = Trackers()
    folds = () if source.is_forward else (fold_quotes,)
    cleaned = sanitise.clean(
        source.html,
        resolve=part,
        allow_remote=choices.remote,
        proxy=(lambda address: place(-1, address)) if choices.proxy else None,
        edits=(trackers, *EDITS, *folds, *edits),
        for_dark=choices.for_dark,
    )
    return Shown(
        html=cleaned.html,
        blocked=cleaned.blocked_remote,
        trackers=trackers.count,
        simplified=cleaned.simplified,
        own_colours=cleaned.own_colours,
        word=word,
        pictures=pictures,
    )


def _place(word: str, number: str) -> str:
    return f"/{word}/{number}/"
