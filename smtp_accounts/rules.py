"""Which From a message starts with, and what speaks against one. Pure, over frozen values.

The rules, the first that hits wins: 1 the draft's own choice; 2 the From of the message I sent;
3 a From I chose by hand earlier in this conversation; 4 the address it was sent to; 5 the address
its servers say it was delivered to; 6 an address that a pattern of an identity takes; 7 what I
wrote from to this list; 8 the account paired with what fetched it; 9 the folder's; 10 the Default
From. What was decided when a message arrived are the rules from 4 on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from smtp_accounts import addresses
from smtp_accounts.addresses import Mailbox

_GMAIL = ("gmail.com", "googlemail.com")


class Reason(StrEnum):
    """Why an identity was chosen; the interface has a sentence for each."""

    OWN_CHOICE = "own-choice"
    SENT_WITH = "sent-with"
    CONVERSATION = "conversation"
    SENT_THERE = "sent-there"
    DELIVERED = "delivered"
    PATTERN = "pattern"
    ON_LIST = "list"
    FETCHED_FROM = "fetched-from"
    FOLDER = "folder"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An identity as the rules see it. `key` is its id as text.

    `accepts` is "exact", "plus" (anything after a + as well) or "domain" (every address of its
    domain). `purpose` is "", "private" or "work". `source_id` is what its account is paired with.
    """

    key: str
    address: str
    source_id: int | None = None
    is_default: bool = False
    accepts: str = "exact"
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Original:
    """The message being answered.

    `other` are addresses of Resent-To, Resent-Cc and Bcc. `delivered` is what the receiving
    servers wrote down, nothing a sender could have. `is_sent`: it is certain that I sent it,
    which a From alone does not say. `list_identity` is the key of the identity I last wrote to
    its list from. `folder_source_id`: what the folder it lies in belongs to.
    """

    from_address: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    delivered: tuple[str, ...] = ()
    source_id: int | None = None
    folder_source_id: int | None = None
    list_identity: str = ""
    is_sent: bool = False

    @property
    def named(self) -> tuple[str, ...]:
        """Everybody it was sent to, To first."""
        return (*self.to, *self.cc, *self.other)


@dataclass(frozen=True, slots=True)
class Choice:
    """The identity to start with, and why. `address`: to write from where not its own."""

    key: str
    reason: Reason
    address: str = ""


class Own:
    """The identities a person has, found by address."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        # Where two have one address, the Default From is meant.
        self.candidates = sorted(candidates, key=lambda one: not one.is_default)
        self.keys = {one.key for one in candidates}
        self._exact: dict[str, list[Candidate]] = {}
        self._parts: list[tuple[Candidate, str, str]] = []
        for one in self.candidates:
            key = addresses.key(one.address)
            self._exact.setdefault(key, []).append(one)
            if one.accepts != "exact":
                self._parts.append((one, *_parts(key)))

    def exactly(self, address: str) -> Sequence[Candidate]:
        """Those with this very address."""
        return self._exact.get(addresses.key(address), ())

    def by_pattern(self, address: str) -> list[Candidate]:
        """Those whose pattern takes the address, the narrowest pattern first."""
        if not self._parts:
            return []
        key = addresses.key(address)
        local, domain = _parts(key)
        base = local.partition("+")[0]
        near, wide = [], []
        for one, own_local, own_domain in self._parts:
            if own_domain != domain:
                continue
            if base == own_local or local.startswith(f"{own_local}+"):
                near.append(one)
            elif one.accepts == "domain":
                wide.append(one)
        return near + wide

    def holds(self, address: str) -> bool:
        """Whether mail to this address comes to the same person."""
        return bool(self.exactly(address) or self.by_pattern(address))


def choose(
    candidates: Sequence[Candidate],
    *,
    original: Original | None = None,
    own_choice: str | None = None,
    used_before: Sequence[str] = (),
    stored: Choice | None = None,
    conversation: bool = True,
    folder_source_id: int | None = None,
) -> Choice:
    """The identity a message starts with; the first rule that hits wins.

    `used_before`: addresses I wrote from by hand earlier in this conversation, newest first. A
    forward passes `conversation=False`: rule 3 does not apply to it. `stored` is what was decided
    when the original arrived. `folder_source_id` is of the view that new mail is begun in.
    `candidates` must not be empty. An identity that cannot send at present is chosen all the
    same: the caller says so, and never puts another in its place without a word. Raises
    LookupError where `own_choice` is none of them, for the same reason.
    """
    own = Own(candidates)
    if own_choice is not None:
        if own_choice not in own.keys:
            raise LookupError(own_choice)
        return Choice(own_choice, Reason.OWN_CHOICE)
    if original is None:
        return _of_source(own, folder_source_id, Reason.FOLDER) or _default(own)
    found = _written(own, [original.from_address], Reason.SENT_WITH) if original.is_sent else None
    if found is None and conversation:
        found = _written(own, used_before, Reason.CONVERSATION)
    if found is None and stored is not None and stored.key in own.keys:
        found = stored
    return found or arrived(own, original)


def arrived(own: Own, original: Original) -> Choice:
    """What the rules from 4 on say: all that can be decided when a message arrives."""
    return (
        _exact(own, original.named, Reason.SENT_THERE, original)
        or _delivered(own, original)
        or _by_pattern(own, original)
        # It says it is from me, and to nobody I am: my own posting that a list sent back.
        or _written(own, [original.from_address], Reason.SENT_WITH)
        or _on_list(own, original)
        or _of_source(own, original.source_id, Reason.FETCHED_FROM)
        or _of_source(own, original.folder_source_id, Reason.FOLDER)
        or _default(own)
    )


def candidate_of(candidates: Iterable[Candidate], key: str) -> Candidate | None:
    """The candidate with this key."""
    return next((one for one in candidates if one.key == key), None)


def _exact(
    own: Own, received: Sequence[str], reason: Reason, original: Original | None = None
) -> Choice | None:
    """The identity with the first of these addresses; with `original`, rather what fetched it."""
    found = [one for address in received for one in own.exactly(address)]
    best = next((one for one in found if original and _fetched(one, original)), None)
    best = best or next(iter(found), None)
    return Choice(best.key, reason) if best is not None else None


def _delivered(own: Own, original: Original) -> Choice | None:
    """The identity it was delivered to; written from as it was written to, where a pattern of
    that identity takes one of the addresses in To or Cc."""
    choice = _exact(own, original.delivered, Reason.DELIVERED)
    if choice is None:
        return None
    for address in original.named:
        for one in own.by_pattern(address):
            if one.key == choice.key:
                return Choice(one.key, Reason.PATTERN, _to_write_from(one, address))
    return choice


def _by_pattern(own: Own, original: Original) -> Choice | None:
    """As `_exact`, with the received address to write from: the other side knows that one."""
    received = (*original.named, *original.delivered)
    found = [(one, address) for address in received for one in own.by_pattern(address)]
    best = next((pair for pair in found if _fetched(pair[0], original)), None)
    best = best or next(iter(found), None)
    if best is None:
        return None
    one, address = best
    return Choice(one.key, Reason.PATTERN, _to_write_from(one, address))


def _written(own: Own, used: Sequence[str], reason: Reason) -> Choice | None:
    """The identity that was written from, the first of these that is still there."""
    for address in used:
        for one in own.exactly(address):
            return Choice(one.key, reason)
        for one in own.by_pattern(address):
            return Choice(one.key, reason, _to_write_from(one, address))
    return None


def _on_list(own: Own, original: Original) -> Choice | None:
    if original.list_identity not in own.keys:
        return None
    return Choice(original.list_identity, Reason.ON_LIST)


def _of_source(own: Own, source_id: int | None, reason: Reason) -> Choice | None:
    if source_id is None:
        return None
    found = (one for one in own.candidates if one.source_id == source_id)
    one = next(found, None)
    return Choice(one.key, reason) if one is not None else None


def _default(own: Own) -> Choice:
    return Choice(own.candidates[0].key, Reason.DEFAULT)


def _fetched(candidate: Candidate, original: Original) -> bool:
    return original.source_id is not None and candidate.source_id == original.source_id


def _to_write_from(candidate: Candidate, address: str) -> str:
    """The received address as one writes it; empty where it is the identity's own in disguise."""
    key = addresses.key(address)
    if _parts(key) == _parts(addresses.key(candidate.address)):
        return ""
    return addresses.normal(address)


def _parts(key: str) -> tuple[str, str]:
    """Local part and domain of a folded address; Gmail sees no dots and has two names."""
    local, _at, domain = key.rpartition("@")
    if domain in _GMAIL:
        base, plus, rest = local.partition("+")
        return base.replace(".", "") + plus + rest, "gmail.com"
    return local, domain


# --- who else a reply goes to


def reply_recipients(
    original: Original,
    *,
    own: Own,
    reply_to: Sequence[Mailbox],
    sender: Mailbox | None,
    to: Sequence[Mailbox],
    cc: Sequence[Mailbox],
    everyone: bool,
    followup_to: Sequence[Mailbox] = (),
    list_address: str = "",
) -> tuple[list[Mailbox], list[Mailbox]]:
    """To and Cc of a reply. Own addresses are dropped from a reply to all, from every account.

    Answering a message I sent goes on to those I sent it to (as mail programs do), not to me. A
    Reply-To that a mailing list put in its own place does not make a reply to one person a
    message to all. Mail-Followup-To is asked by a reply to all of mail from a list.
    """
    mine = is_mine(original, own)
    first = list(to) if mine else _answered(reply_to, sender, list_address, everyone=everyone)
    if not everyone:
        return _distinct(first, None), []
    if followup_to and list_address and not mine:
        return _distinct(followup_to, own) or _distinct(followup_to, None), []
    others = _distinct([*first, *([] if mine else to)], own) or _distinct(first, None)
    taken = {addresses.key(mailbox.address) for mailbox in others}
    return others, [one for one in _distinct(cc, own) if addresses.key(one.address) not in taken]


def is_mine(original: Original, own: Own) -> bool:
    """Whether I wrote the original: certainly, or it says so and came to nobody I am."""
    if not own.holds(original.from_address):
        return False
    return original.is_sent or not any(map(own.holds, (*original.named, *original.delivered)))


def _answered(
    reply_to: Sequence[Mailbox], sender: Mailbox | None, list_address: str, *, everyone: bool
) -> list[Mailbox]:
    """Who is answered: Reply-To, else the sender."""
    wanted = list(reply_to)
    if not everyone and list_address and sender is not None:
        people = [one for one in wanted if not addresses.same(one.address, list_address)]
        wanted = people or [sender]
    return wanted or ([sender] if sender is not None else [])


def _distinct(mailboxes: Sequence[Mailbox], without: Own | None) -> list[Mailbox]:
    seen: set[str] = set()
    kept: list[Mailbox] = []
    for mailbox in mailboxes:
        folded = addresses.key(mailbox.address)
        if folded in seen or (without is not None and without.holds(mailbox.address)):
            continue
        seen.add(folded)
        kept.append(mailbox)
    return kept


# --- the wrong one


class Danger(StrEnum):
    """What speaks against a From."""

    SWITCH = "switch"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to be written to; `last` is the key of the identity last written to them from."""

    address: str
    last: str = ""


def danger(
    chosen: Candidate,
    candidates: Sequence[Candidate],
    *,
    seen: Sequence[str],
    to: Sequence[Recipient],
    shared_domains: Iterable[str] = (),
) -> Danger | None:
    """What speaks against writing to these people from `chosen`; None where nothing does.

    `seen` are the keys of the identities that the people of the conversation know. At
    `shared_domains` anybody has an address, so that having one says nothing of work.
    """
    if not to:
        return None
    if seen and chosen.key not in seen and any(one.last != chosen.key for one in to):
        return Danger.SWITCH
    if chosen.purpose == "private":
        work = {one.key for one in candidates if one.purpose == "work"}
        domains = {_domain(one.address) for one in candidates if one.key in work}
        domains -= set(shared_domains)
        if all(one.last in work or _domain(one.address) in domains for one in to):
            return Danger.PRIVATE
    return None


def _domain(address: str) -> str:
    return addresses.key(address).rpartition("@")[2]
