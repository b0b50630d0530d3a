"""The pages of the settings that administrators have besides: of their domain, of the system."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from webmail.settings_pages import Entry, Item

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
