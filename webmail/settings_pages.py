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
OF_DOMAIN = (
    Item(
        "domain-settings",
        "building",
        gettext_lazy("Domain settings"),
        ("domain-settings",),
        (
            Entry(
                gettext_lazy("Features of the domain"),
                "policies",
                also=gettext_lazy("certificates switches"),
            ),
        ),
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
            Entry(gettext_lazy("Space of a person"), "limits", also=gettext_lazy("quota")),
            Entry(gettext_lazy("Retrieval tasks of a person"), "limits"),
            Entry(gettext_lazy("Messages a person sends in 24 hours"), "limits"),
            Entry(gettext_lazy("Size of a message that is sent"), "limits"),
            Entry(gettext_lazy("Time between automatic retrievals"), "limits"),
        ),
    ),
    Item(
        "domain-filters",
        "filter",
        gettext_lazy("Filters"),
        ("domain-filters",),
        (
            Entry(
                gettext_lazy("Filters for everybody of the domain"),
                "filters",
                also=gettext_lazy("rules sort move label delete"),
            ),
        ),
    ),
    Item(
        "domain-junk",
        "spam",
        gettext_lazy("Junk mail"),
        ("domain-junk",),
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
            Entry(gettext_lazy("Audit"), also=gettext_lazy("export audit log")),
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
            Entry(
                gettext_lazy("Features for the whole system"),
                "policies",
                also=gettext_lazy("certificates switches"),
            ),
            Entry(gettext_lazy("Domains"), "domains"),
        ),
    ),
    Item(
        "system-limits",
        "hourglass",
        gettext_lazy("Limits"),
        ("system-limits",),
        (
            Entry(
                gettext_lazy("Limits for the whole system"),
                "limits",
                also=gettext_lazy("quota space"),
            ),
        ),
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
            Entry(gettext_lazy("Pause a provider"), "retrieval"),
        ),
    ),
    Item(
        "system-logs",
        "logs",
        gettext_lazy("Logs"),
        ("system-logs",),
        (
            Entry(gettext_lazy("Sign-ins")),
            Entry(gettext_lazy("Audit log of the whole system"), also=gettext_lazy("export")),
        ),
    ),
)
