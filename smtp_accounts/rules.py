"""Which From a message starts with, and who else a reply goes to. Pure, over frozen values.

The rules are numbered as in the interface plan: 1 the draft's own choice; 2 the From of the
message I sent; 3 a From used earlier in this conversation; 4 the address it was sent to;
8 the account paired with what fetched it; 10 the Default From.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from smtp_accounts.addresses import Mailbox, same


class Reason(StrEnum):
    """Why an identity was chosen; the interface has a sentence for each."""

    OWN_CHOICE = "own-choice"
    SENT_WITH = "sent-with"
    CONVERSATION = "conversation"
    SENT_THERE = "sent-there"
    FETCHED_FROM = "fetched-from"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An identity as the rules see it. `key` is its id as text."""

    key: str
    address: str
    source_id: int | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Original:
    """The message being answered."""

    from_address: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    source_id: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The identity to start with, and why."""

    key: str
    reason: Reason


def choose(
    candidates: Sequence[Candidate],
    *,
    original: Original | None = None,
    own_choice: str | None = None,
    used_before: Sequence[str] = (),
    conversation: bool = True,
) -> Choice:
    """The identity a message starts with; the first rule that hits wins.

    `used_before`: addresses I wrote from earlier in this conversation, newest first. A forward
    passes `conversation=False`: rule 3 does not apply to it. `candidates` must not be empty.
    An identity that cannot send at present is chosen all the same: the caller says so, and
    never puts another in its place without a word.
    """
    if own_choice is not None and any(c.key == own_choice for c in candidates):
        return Choice(own_choice, Reason.OWN_CHOICE)
    if original is not None:
        found = (
            _by_address(candidates, [original.from_address], Reason.SENT_WITH, original)
            or (_by_address(candidates, used_before, Reason.CONVERSATION) if conversation else None)
            or _by_address(candidates, [*original.to, *original.cc], Reason.SENT_THERE, original)
            or _by_source(candidates, original)
        )
        if found:
            return found
    default = next((c for c in candidates if c.is_default), candidates[0])
    return Choice(default.key, Reason.DEFAULT)


def reply_recipients(
    original: Original,
    *,
    own: Sequence[str],
    reply_to: Sequence[Mailbox],
    sender: Mailbox | None,
    to: Sequence[Mailbox],
    cc: Sequence[Mailbox],
    everyone: bool,
) -> tuple[list[Mailbox], list[Mailbox]]:
    """To and Cc of a reply. Own addresses are dropped from a reply to all, from every account.

    Answering a message I sent goes on to those I sent it to (as mail programs do), not to me.
    """
    mine = any(same(original.from_address, address) for address in own)
    first = list(to) if mine else (list(reply_to) or ([sender] if sender else []))
    if not everyone:
        return _distinct(first, []), []
    others = _distinct(first, own)
    if not mine:
        others = _distinct([*others, *to], own)
    if not others:
        others = _distinct(first, [])
    taken = [mailbox.address for mailbox in others]
    return others, _distinct(cc, [*own, *taken])


def _by_address(
    candidates: Sequence[Candidate],
    addresses: Sequence[str],
    reason: Reason,
    original: Original | None = None,
) -> Choice | None:
    """The identity with the first of these addresses; of several, the one that fetched it."""
    for preferred in (True, False):
        for address in addresses:
            for candidate in candidates:
                if not same(candidate.address, address):
                    continue
                if not preferred or _fetched(candidate, original):
                    return Choice(candidate.key, reason)
    return None


def _fetched(candidate: Candidate, original: Original | None) -> bool:
    return bool(
        original and original.source_id is not None and candidate.source_id == original.source_id
    )


def _by_source(candidates: Sequence[Candidate], original: Original) -> Choice | None:
    for candidate in candidates:
        if _fetched(candidate, original):
            return Choice(candidate.key, Reason.FETCHED_FROM)
    return None


def _distinct(mailboxes: Sequence[Mailbox], without: Sequence[str]) -> list[Mailbox]:
    seen = {address.casefold() for address in without}
    kept: list[Mailbox] = []
    for mailbox in mailboxes:
        folded = mailbox.address.casefold()
        if folded not in seen:
            seen.add(folded)
            kept.append(mailbox)
    return kept
