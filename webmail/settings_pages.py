"""The pages of the settings, and what each holds.

The words of a page are what the search looks in, so that somebody who looks for "theme" finds
Appearance. Further ones (``also``) are what people call something who do not know its name here.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

Text = str | Promise
CONNECTIVITY = (
    *("connectivity", "certificate", "retrieval", "smtp-account", "smtp-draft"),
    *("oauth-start", "oauth-callback", "oauth-device", "oauth-other", "oauth-ask"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """Something on a page; ``anchor`` is where on it, ``url`` its own page, ``also`` other words
    it is looked for by."""

    label: Text
    anchor: str = ""
    also: Text = ""
    url: str = ""

    @property
    def words(self) -> str:
        """All that it is found by."""
        return f"{self.label} {self.also}"


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
        return " ".join(str(one) for one in (self.label, *(entry.words for entry in self.entries)))


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
            Entry(
                gettext_lazy("Backup Email Address"),
                "backup",
                also=gettext_lazy("forgotten recovery captcha"),
            ),
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
            Entry(
                gettext_lazy("App passwords"),
                "programs",
                also=gettext_lazy("devices programs phone"),
            ),
            Entry(
                gettext_lazy("Where you are signed in"),
                "sessions",
                also=gettext_lazy("sign-in sign-out session devices browsers"),
            ),
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
            Entry(gettext_lazy("Layout"), also=gettext_lazy("reading pane columns")),
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
        "filters",
        "filter",
        gettext_lazy("Filters"),
        ("filters",),
        (
            Entry(
                gettext_lazy("What is done with mail that comes in"),
                "filters",
                also=gettext_lazy("rules sort move label forward delete sieve"),
            ),
            Entry(gettext_lazy("New filter"), also=gettext_lazy("rule"), url="filters-new"),
        ),
    ),
    Item(
        "settings-junk",
        "spam",
        gettext_lazy("Junk mail"),
        ("settings-junk",),
        (
            Entry(gettext_lazy("Look for junk mail"), "junk", gettext_lazy("spam empty learned")),
            Entry(gettext_lazy("Allowed and blocked senders"), "senders", gettext_lazy("spam")),
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
        (
            Entry(gettext_lazy("Notices by mail"), "by-mail"),
            Entry(
                gettext_lazy("New mail told by this browser"),
                "push",
                also=gettext_lazy("push notification device"),
            ),
        ),
    ),
    Item(
        "settings-activity",
        "clock",
        gettext_lazy("Activity"),
        ("settings-activity",),
        (
            Entry(
                gettext_lazy("Who changed what about your account"),
                also=gettext_lazy("audit log history"),
            ),
        ),
    ),
    Item(
        "connectivity",
        "confluence",
        gettext_lazy("Connectivity"),
        CONNECTIVITY,
        (
            Entry(gettext_lazy("Email Retrieval"), "retrieval"),
            Entry(gettext_lazy("SMTP Accounts"), "smtp"),
            Entry(
                gettext_lazy("Authenticated IPs"),
                also=gettext_lazy("sign-ins addresses location"),
                url="connectivity-ips",
            ),
            Entry(
                gettext_lazy("Servers trusted by their certificate"),
                also=gettext_lazy("certificates encryption TLS"),
                url="certificates",
            ),
        ),
    ),
    Item(
        "settings-storage",
        "server",
        gettext_lazy("Storage"),
        ("settings-storage",),
        (
            Entry(gettext_lazy("Used space"), "used", also=gettext_lazy("quota limits")),
            Entry(gettext_lazy("Largest messages"), "largest"),
        ),
    ),
    Item(
        "settings-export",
        "download",
        gettext_lazy("Export my data"),
        ("settings-export",),
        (Entry(gettext_lazy("Download all mail"), also=gettext_lazy("export archive backup")),),
    ),
    Item(
        "settings-delete",
        "trash",
        gettext_lazy("Delete my account"),
        ("settings-delete",),
    ),
)
