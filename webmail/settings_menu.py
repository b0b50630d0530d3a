"""The menu of the settings: its groups, who sees which page, and what each page holds.

The words of a page are what the search looks in, so that somebody who looks for "theme" finds
Appearance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User

Text = str | Promise
CONNECTIVITY = (
    *("connectivity", "certificate", "retrieval", "smtp-account", "smtp-draft"),
    *("oauth-start", "oauth-callback", "oauth-device", "oauth-other", "oauth-ask"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """Something on a page; ``anchor`` is where on it."""

    label: Text
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One page of the menu; addresses with these prefixes of their names belong to it."""

    url: str
    icon: str
    label: Text
    prefixes: tuple[str, ...]
    entries: tuple[Entry, ...] = ()

    @property
    def words(self) -> str:
        """All that the page is found by."""
        return " ".join(str(one) for one in (self.label, *(entry.label for entry in self.entries)))


@dataclass(frozen=True, slots=True)
class Group:
    """Pages under one heading."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """What a search found: a page of a group, or an entry of a page (``where``)."""

    label: str
    where: str
    item: Item
    anchor: str = ""


MINE = (
    Item(
        "settings-account",
        "user",
        gettext_lazy("Account"),
        ("settings-account", "settings-backup"),
        (
            Entry(gettext_lazy("Display name")),
            Entry(gettext_lazy("Language")),
            Entry(gettext_lazy("Time zone")),
            Entry(gettext_lazy("Backup Email Address"), "backup"),
            Entry(gettext_lazy("Default From Address"), "writing"),
            Entry(gettext_lazy("Undo send"), "writing"),
            Entry(gettext_lazy("Write in plain text"), "writing"),
        ),
    ),
    Item(
        "security",
        "shield",
        gettext_lazy("Security"),
        ("security",),
        (
            Entry(gettext_lazy("Password"), "password"),
            Entry(gettext_lazy("Second step"), "second"),
            Entry(gettext_lazy("Authenticator app"), "second"),
            Entry(gettext_lazy("Passkeys"), "second"),
            Entry(gettext_lazy("Recovery codes"), "second"),
            Entry(gettext_lazy("App passwords"), "programs"),
            Entry(gettext_lazy("Where you are signed in"), "sessions"),
        ),
    ),
    Item(
        "settings-appearance",
        "palette",
        gettext_lazy("Appearance"),
        ("settings-appearance",),
        (
            Entry(gettext_lazy("Theme")),
            Entry(gettext_lazy("Density")),
        ),
    ),
    Item(
        "settings-reading",
        "eye",
        gettext_lazy("Reading"),
        ("settings-reading",),
        (
            Entry(gettext_lazy("Remote images"), "images"),
            Entry(gettext_lazy("Change colours for dark pages"), "colours"),
            Entry(gettext_lazy("Senders you trust"), "trusted"),
        ),
    ),
    Item(
        "identities",
        "users",
        gettext_lazy("Identities"),
        ("identities", "identity-"),
        (
            Entry(gettext_lazy("Addresses to write from"), "identities"),
            Entry(gettext_lazy("Reply to")),
            Entry(gettext_lazy("Private description")),
        ),
    ),
    Item(
        "signatures",
        "signature",
        gettext_lazy("Signatures"),
        ("signature",),
        (Entry(gettext_lazy("Pictures in a signature")),),
    ),
    Item(
        "templates",
        "file",
        gettext_lazy("Templates"),
        ("template",),
    ),
    Item(
        "notifications",
        "bell",
        gettext_lazy("Notifications"),
        ("notifications",),
        (Entry(gettext_lazy("Notices by mail"), "by-mail"),),
    ),
    Item(
        "settings-activity",
        "clock",
        gettext_lazy("Activity"),
        ("settings-activity",),
        (Entry(gettext_lazy("Who changed what about your account")),),
    ),
    Item(
        "connectivity",
        "confluence",
        gettext_lazy("Connectivity"),
        CONNECTIVITY,
        (
            Entry(gettext_lazy("Email Retrieval"), "retrieval"),
            Entry(gettext_lazy("SMTP Accounts"), "smtp"),
        ),
    ),
    Item(
        "settings-storage",
        "server",
        gettext_lazy("Storage"),
        ("settings-storage",),
        (
            Entry(gettext_lazy("Used space"), "used"),
            Entry(gettext_lazy("Largest messages"), "largest"),
        ),
    ),
    Item(
        "settings-export",
        "download",
        gettext_lazy("Export my data"),
        ("settings-export",),
        (Entry(gettext_lazy("Download all mail")),),
    ),
    Item(
        "settings-delete",
        "trash",
        gettext_lazy("Delete my account"),
        ("settings-delete",),
    ),
)
OF_DOMAIN = (
    Item(
        "domain-settings",
        "building",
        gettext_lazy("Domain settings"),
        ("domain-settings",),
        (Entry(gettext_lazy("Features of the domain"), "policies"),),
    ),
    Item(
        "domain-users",
        "users",
        gettext_lazy("Users"),
        ("domain-user",),
        (
            Entry(gettext_lazy("People of the domain"), "users"),
            Entry(gettext_lazy("Import users")),
            Entry(gettext_lazy("New password for a user")),
        ),
    ),
    Item(
        "domain-branding",
        "palette",
        gettext_lazy("Branding"),
        ("domain-branding",),
        (
            Entry(gettext_lazy("Name and logo of the domain")),
            Entry(gettext_lazy("Sender of mail of the system")),
        ),
    ),
    Item(
        "domain-limits",
        "hourglass",
        gettext_lazy("Limits"),
        ("domain-limits",),
        (
            Entry(gettext_lazy("Space of a person"), "limits"),
            Entry(gettext_lazy("Retrieval tasks of a person"), "limits"),
            Entry(gettext_lazy("Messages a person sends in 24 hours"), "limits"),
            Entry(gettext_lazy("Size of a message that is sent"), "limits"),
            Entry(gettext_lazy("Time between automatic retrievals"), "limits"),
        ),
    ),
    Item(
        "domain-health",
        "check-circle",
        gettext_lazy("Health"),
        ("domain-health", "domain-pause"),
        (
            Entry(gettext_lazy("Tasks that fail, by provider"), "retrieval"),
            Entry(gettext_lazy("Messages that wait"), "sending"),
            Entry(gettext_lazy("Pause a provider"), "retrieval"),
        ),
    ),
    Item(
        "domain-logs",
        "logs",
        gettext_lazy("Logs"),
        ("domain-logs",),
        (
            Entry(gettext_lazy("Sign-ins")),
            Entry(gettext_lazy("Retrieval")),
            Entry(gettext_lazy("Sending")),
            Entry(gettext_lazy("Audit")),
        ),
    ),
)
OF_SYSTEM = (
    Item(
        "system-status",
        "server",
        gettext_lazy("System"),
        ("system-status",),
        (
            Entry(gettext_lazy("Queues and workers"), "workers"),
            Entry(gettext_lazy("Version, database and space"), "installation"),
        ),
    ),
    Item(
        "system-features",
        "sliders",
        gettext_lazy("Features"),
        ("system-features", "system-domain"),
        (
            Entry(gettext_lazy("Features for the whole system"), "policies"),
            Entry(gettext_lazy("Domains"), "domains"),
        ),
    ),
    Item(
        "system-limits",
        "hourglass",
        gettext_lazy("Limits"),
        ("system-limits",),
        (Entry(gettext_lazy("Limits for the whole system"), "limits"),),
    ),
    Item(
        "oauth-clients",
        "key",
        gettext_lazy("Sign-in providers"),
        ("oauth-client",),
        (Entry("Microsoft"), Entry("Google"), Entry("OAuth")),
    ),
    Item(
        "system-network",
        "globe",
        gettext_lazy("Network"),
        ("system-network",),
        (Entry(gettext_lazy("Allowed networks, ports and name servers")),),
    ),
    Item(
        "system-health",
        "check-circle",
        gettext_lazy("Health"),
        ("system-health", "system-pause"),
        (
            Entry(gettext_lazy("Tasks that fail, by provider"), "retrieval"),
            Entry(gettext_lazy("Messages that wait"), "sending"),
        ),
    ),
    Item(
        "system-logs",
        "logs",
        gettext_lazy("Logs"),
        ("system-logs",),
        (Entry(gettext_lazy("Audit log of the whole system")),),
    ),
)
_ALL = (*MINE, *OF_DOMAIN, *OF_SYSTEM)
PREFIXES = ("settings", *(prefix for item in _ALL for prefix in item.prefixes))


def groups(user: User) -> tuple[Group, ...]:
    """The menu as this person sees it."""
    found = [Group(_("My settings"), MINE)]
    if user.is_domain_admin:
        found.append(Group(user.domain.name, OF_DOMAIN))
    if user.is_system_admin:
        found.append(Group(_("System"), OF_SYSTEM))
    return tuple(found)


def page_of(name: str) -> str:
    """The page of the menu that an address, given by its name, belongs to; "" for none."""
    return next((item.url for item in _ALL if name.startswith(item.prefixes)), "")


def search(menu: Sequence[Group], query: str) -> list[Hit]:
    """Pages and their entries in which every word of the query begins a word."""
    wanted = query.casefold().split()
    found: list[Hit] = []
    pages = ((group.title, item) for group in menu for item in group.items)
    for title, item in pages:
        label = str(item.label)
        if _holds(label, wanted):
            found.append(Hit(label, title, item))
        found += [
            Hit(str(entry.label), label, item, entry.anchor)
            for entry in item.entries
            if _holds(str(entry.label), wanted)
        ]
    return found


def narrowed(menu: Sequence[Group], hits: Sequence[Hit]) -> tuple[Group, ...]:
    """The menu with only the pages a search found something on."""
    urls = {hit.item.url for hit in hits}
    left = [
        replace(group, items=tuple(item for item in group.items if item.url in urls))
        for group in menu
    ]
    return tuple(group for group in left if group.items)


def _holds(text: str, wanted: Sequence[str]) -> bool:
    words = text.casefold().split()
    return bool(wanted) and all(any(word.startswith(one) for word in words) for one in wanted)
