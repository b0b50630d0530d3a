"""Providers whose servers are known: they only fill in the form and say what to do first.

The facts stand in ``data/providers.json``, one entry a tile; on the day given, host names, ports
and encryption were compared with what is named by ``compared_with``. The sentences stand in
``connectivity.guidance``. A system check reads every entry (``connectivity.checks``).

An installation can have tiles of its own, in a file of the same form that the setting
CONNECTIVITY_PROVIDERS_FILE names. A key that is known replaces that tile, others come first;
sentences are ids of those shipped, or written out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.functional import Promise

from connectivity.guidance import LEADS, NOTES, SOURCES
from connectivity.guidance_steps import STEPS

DATA = Path(__file__).parent / "data" / "providers.json"
#: Forms of a username: the whole address, or what stands before the @.
ADDRESS, LOCAL_PART = "address", "local-part"
#: How people sign in: as usual, by a password made for programs, or on the provider's pages.
PASSWORD, APP_PASSWORD, OAUTH = "password", "app-password", "oauth"


@dataclass(frozen=True, slots=True)
class Server:
    """Host and port, encrypted from the first byte or, where ``starttls`` is set, on request.

    ``host`` is empty where the person has to enter it.
    """

    host: str
    port: int
    starttls: bool = False


@dataclass(frozen=True, slots=True)
class Caps:
    """What the provider publishes as its limits; 0: none known.

    ``engine`` is the key of ``retrieval.profiles``, which decides how it is treated;
    ``connections`` of one account at a time, ``day_bytes`` a day by type ("imap", "pop").
    """

    engine: str = ""
    connections: int = 0
    day_bytes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SendingCaps:
    """What the provider publishes for sending through it; 0: none known.

    ``connections`` of one account at a time, ``per_connection`` messages on each, ``per_day``
    recipients in 24 hours. ``keeps_sent``: it puts a copy into its own Sent folder by itself.
    ``source`` is the page that says so, ``checked_on`` when it was read (ISO), empty where it is
    known from others alone.
    """

    connections: int = 0
    per_connection: int = 0
    per_day: int = 0
    keeps_sent: bool = False
    source: str = ""
    checked_on: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """One tile. ``pop`` is None where POP is not offered (A59), ``types`` are those offered.

    ``oauth`` names the sign-in of ``connectivity.oauth_providers`` that can be used, which for
    ``auth`` "app-password" is an extra (A204). ``password_letters`` is how long its passwords are
    without spaces (0: unknown). ``fixed_host`` is a server address not to be changed (A91),
    ``is_exchange`` means the field names of A90-A100. ``tls_pinned`` servers have a certificate
    of their own making, ``private_host`` ones live in a network an administrator has to open.
    ``hosts`` are further servers of the same owner. ``is_generic`` ones know nothing but ports.
    """

    key: str
    name: str
    letters: str
    tint: int
    domains: tuple[str, ...]
    imap: Server
    pop: Server | None
    smtp: Server
    types: tuple[str, ...]
    lead: str | Promise
    steps: tuple[str | Promise, ...] = ()
    notes: tuple[str | Promise, ...] = ()
    link: str = ""
    compared_with: str | Promise = SOURCES["published"]
    checked_on: date = date.min
    auth: str = PASSWORD
    oauth: str = ""
    password_letters: int = 0
    username: str = ADDRESS
    smtp_username: str = ADDRESS
    is_exchange: bool = False
    fixed_host: bool = False
    tls_pinned: bool = False
    private_host: bool = False
    is_generic: bool = False
    hosts: tuple[str, ...] = ()
    caps: Caps = field(default_factory=Caps)
    sending: SendingCaps = field(default_factory=SendingCaps)

    @property
    def needs_host(self) -> bool:
        """Whether the person has to know the server address."""
        return not self.imap.host

    @property
    def lead_text(self) -> str:
        """The sentence the form begins with."""
        return str(self.lead) % {"name": self.name}

    @property
    def step_texts(self) -> tuple[str, ...]:
        """What to do there first, in order."""
        return tuple(str(step) % {"name": self.name} for step in self.steps)

    @property
    def note_texts(self) -> tuple[str, ...]:
        """What else is good to know."""
        return tuple(str(note) % {"name": self.name} for note in self.notes)

    @property
    def tint_class(self) -> str:
        return f"a{self.tint}"

    def server(self, kind: str) -> Server | None:
        """The server for "imap", "pop" or "smtp"; None if there is none."""
        return {"imap": self.imap, "pop": self.pop, "smtp": self.smtp}.get(kind)

    def username_of(self, address: str, kind: str = "imap") -> str:
        """What the provider wants as username for an address."""
        form = self.smtp_username if kind == "smtp" else self.username
        return address.rpartition("@")[0] if form == LOCAL_PART and "@" in address else address

    def owns(self, host: str) -> bool:
        """Whether a host is one of its servers."""
        servers = (self.imap, self.pop, self.smtp)
        return host in self.hosts or any(one is not None and one.host == host for one in servers)


_PLAIN = (
    "key",
    "name",
    "letters",
    "tint",
    "link",
    "auth",
    "oauth",
    "password_letters",
    "username",
    "smtp_username",
    "is_exchange",
    "fixed_host",
    "tls_pinned",
    "private_host",
    "is_generic",
)


def provider_of(entry: Mapping[str, Any], checked_on: date, *, is_own: bool = False) -> Provider:
    """A provider from its entry; raises `KeyError`, `ValueError` or `TypeError` for a bad one.

    With ``is_own`` what is no id of a sentence is a sentence.
    """

    def said(sentences: Mapping[str, str | Promise], id: str) -> str | Promise:
        if is_own and id not in sentences:
            return str(id).replace("%", "%%")
        return sentences[id]

    values = {name: entry[name] for name in _PLAIN if name in entry}
    values.setdefault("smtp_username", values.get("username", ADDRESS))
    return Provider(
        domains=tuple(entry["domains"]),
        imap=_server(entry["imap"]),
        pop=_server(entry["pop"]) if "pop" in entry else None,
        smtp=_server(entry["smtp"]),
        types=tuple(entry.get("types", ("imap", "pop") if "pop" in entry else ("imap",))),
        lead=said(LEADS, entry["lead"]),
        steps=tuple(said(STEPS, step) for step in entry.get("steps", ())),
        notes=tuple(said(NOTES, note) for note in entry.get("notes", ())),
        compared_with=said(SOURCES, entry.get("compared_with", "published")),
        checked_on=date.fromisoformat(entry["checked_on"]) if "checked_on" in entry else checked_on,
        hosts=tuple(entry.get("hosts", ())),
        caps=Caps(**entry.get("caps", {})),
        sending=SendingCaps(**entry.get("sending", {})),
        **values,
    )


def _server(row: Sequence[Any]) -> Server:
    host, port, security = row
    if security not in ("tls", "starttls"):
        raise ValueError(security)
    return Server(str(host), int(port), starttls=security == "starttls")


def load(path: Path = DATA, *, is_own: bool = False) -> tuple[date, tuple[Provider, ...]]:
    """The day of the last comparison, and every entry of a data file, in its order.

    Raises as `provider_of`, and `OSError` for a file that cannot be read.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    day = date.fromisoformat(data["checked_on"])
    return day, tuple(provider_of(entry, day, is_own=is_own) for entry in data["providers"])


def merged(shipped: Sequence[Provider], own: Sequence[Provider]) -> tuple[Provider, ...]:
    """The tiles with those of the installation, which come first or replace one of the same key."""
    mine = {one.key: one for one in own}
    known = {one.key for one in shipped}
    return (
        *(one for one in own if one.key not in known),
        *(mine.get(one.key, one) for one in shipped),
    )


def _own() -> tuple[Provider, ...]:
    """The tiles of this installation; none if the file is broken, which a system check tells."""
    path = settings.CONNECTIVITY_PROVIDERS_FILE
    try:
        return load(Path(path), is_own=True)[1] if path else ()
    except MISTAKES:
        return ()


#: What a data file with a mistake raises.
MISTAKES = (OSError, AttributeError, KeyError, TypeError, ValueError)
CHECKED_ON, _SHIPPED = load()
#: The tiles, in their order.
PROVIDERS: tuple[Provider, ...] = merged([one for one in _SHIPPED if not one.is_generic], _own())
#: The tiles for any other server.
GENERIC: tuple[Provider, ...] = tuple(one for one in _SHIPPED if one.is_generic)


def by_key(key: str, providers: Sequence[Provider] = PROVIDERS) -> Provider | None:
    """The provider of a tile; None for an unknown key."""
    return next((one for one in providers if one.key == key), None)


def by_address(address: str, providers: Sequence[Provider] = PROVIDERS) -> Provider | None:
    """The provider of an e-mail address, by its domain; None if it is not known."""
    domain = address.strip().rpartition("@")[2].lower()
    return next((one for one in providers if domain in one.domains), None)


#: Owners of servers that several tiles share, or that have none, by the domain of the server.
_OWNERS = {"office365.com": "Microsoft", "outlook.com": "Microsoft", "zoho.com": "Zoho"}


def name_of(host: str) -> str:
    """What people call the owner of a server: a provider's name, else the host itself."""
    wanted = host.lower().rstrip(".")
    owner = _OWNERS.get(".".join(wanted.split(".")[-2:]))
    if owner is not None:
        return owner
    known = by_host(wanted)
    return known.name if known is not None else host


def by_host(host: str, providers: Sequence[Provider] = PROVIDERS) -> Provider | None:
    """The provider one of whose servers this is; the first of several, None if not known."""
    wanted = host.lower().rstrip(".")
    return next((one for one in providers if wanted and one.owns(wanted)), None)
