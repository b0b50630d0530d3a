"""Which mailbox plays which part: said by the server (RFC 6154), else guessed from its name."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from protocols.imap.values import RemoteMailbox

_SAID: Mapping[str, str] = {
    "\\inbox": "inbox",
    "\\drafts": "drafts",
    "\\sent": "sent",
    "\\archive": "archive",
    "\\junk": "junk",
    "\\spam": "junk",
    "\\trash": "trash",
    "\\all": "all",
    "\\allmail": "all",
    "\\flagged": "flagged",
    "\\starred": "flagged",
    "\\important": "important",
}
_NAMES: Mapping[str, Sequence[str]] = {
    "drafts": ("drafts", "draft", "entwürfe", "brouillons", "borradores", "bozze", "concepten"),
    "sent": (
        "sent",
        "sent items",
        "sent messages",
        "sent mail",
        "gesendet",
        "gesendete objekte",
        "éléments envoyés",
        "envoyés",
        "enviados",
        "posta inviata",
        "verzonden",
        "verzonden items",
    ),
    "archive": ("archive", "archives", "archiv", "archivo", "archivio", "archief"),
    "junk": (
        "junk",
        "spam",
        "junk e-mail",
        "junk email",
        "bulk mail",
        "bulk",
        "courrier indésirable",
    ),
    "trash": (
        "trash",
        "deleted items",
        "deleted messages",
        "deleted",
        "papierkorb",
        "gelöschte objekte",
        "corbeille",
        "papelera",
        "cestino",
        "prullenbak",
    ),
}
_GUESS = {name: role for role, names in _NAMES.items() for name in names}


def said(attributes: frozenset[str], raw_name: bytes) -> str:
    """The role the server gives a mailbox, or ""."""
    if raw_name.upper() == b"INBOX":
        return "inbox"
    return next((_SAID[each] for each in sorted(attributes) if each in _SAID), "")


def guess(mailboxes: Sequence[RemoteMailbox]) -> list[RemoteMailbox]:
    """Give roles nobody has by name, but only where exactly one mailbox bears such a name."""
    taken = {box.role for box in mailboxes}
    found = {
        box.raw_name: role
        for box in mailboxes
        if not box.role and (role := _by_name(box)) and role not in taken
    }
    counts = Counter(found.values())
    return [
        replace(box, role=found[box.raw_name])
        if box.raw_name in found and counts[found[box.raw_name]] == 1
        else box
        for box in mailboxes
    ]


def of_name(name: str) -> str:
    """The role a mailbox of this name probably has, or ""."""
    return _GUESS.get(name.strip().casefold(), "")


def _by_name(box: RemoteMailbox) -> str:
    path = box.name.split(box.delimiter) if box.delimiter else [box.name]
    # "INBOX.Sent" is how servers with a prefix write "Sent"; deeper ones are somebody's own.
    if len(path) == 2 and path[0].upper() == "INBOX":
        path = path[1:]
    return of_name(path[0]) if len(path) == 1 else ""
