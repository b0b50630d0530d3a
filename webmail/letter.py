"""An open message as the reading pane shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailstore.addresses import Address
from mailstore.headers import Headers
from mailstore.showing import Shown
from smtp_accounts.returned_text import is_from_a_system
from webmail.cards import Card
from webmail.files import File

#: Of a message that cannot be read.
NO_FIELDS: Final = Headers(())


@dataclass(frozen=True)
class People:
    """To and Cc of a message. A long list shows its first few; the rest unfolds."""

    to: Sequence[Address]
    cc: Sequence[Address]
    first: int = 4

    @property
    def short(self) -> str:
        everyone = [*self.to, *self.cc]
        return ", ".join(one.shown for one in everyone[: self.first])

    @property
    def more(self) -> int:
        return max(0, len(self.to) + len(self.cc) - self.first)


@dataclass(frozen=True)
class Letter:
    """What a message says, ready for the template. ``text`` and the ``quoted`` words under it
    are safe HTML made of plain text; where there is a ``body`` a frame shows that instead, and
    ``is_reduced`` says that there is HTML which its reader does not want to see."""

    sender: Address
    sender_warning: str | Promise
    people: People
    reply_to: Sequence[Address]
    text: str
    quoted: str
    body: Shown | None
    blocked_images: int
    files: Sequence[File]
    cards: Sequence[Card] = ()
    trackers: int = 0
    own_colours: bool = False
    fields: Headers = NO_FIELDS
    is_damaged: bool = False
    is_cut: bool = False
    is_reduced: bool = False

    @property
    def has_html(self) -> bool:
        return self.body is not None

    @property
    def is_report(self) -> bool:
        """Whether it may tell what became of another message (RFC 3464, RFC 8098)."""
        kind = self.fields.raw("content-type").lower()
        return kind.startswith(b"multipart/report") or is_from_a_system(self.sender.address)

    @property
    def files_size(self) -> int:
        return sum(one.size for one in self.files)


def suspicion(sender: Address, senders: int, reply_to: Sequence[Address]) -> str | Promise:
    """A plain warning where the shown sender invites a mistake; empty where it does not."""
    if sender.poses:
        return _("The name shown looks like a different address. Look at the address itself.")
    if senders > 1:
        return _("This message names several senders. Only the first one is shown.")
    own = sender.address.rpartition("@")[2].casefold()
    if any(one.address.rpartition("@")[2].casefold() not in {own, ""} for one in reply_to):
        return _("Replies go to another domain than the sender's.")
    return ""
