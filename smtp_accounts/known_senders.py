"""What the domains of people's own have to say for the senders we know. Pure; a table.

Each row: the hosts one hands mail to (their ends), the names an SPF record includes for them, the
first being the one to add, and the DKIM selectors these senders give their customers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sender:
    """One sending service."""

    hosts: tuple[str, ...]
    includes: tuple[str, ...]
    selectors: tuple[str, ...]


def _row(hosts: str, includes: str, selectors: str = "") -> Sender:
    return Sender(tuple(hosts.split()), tuple(includes.split()), tuple(selectors.split()))


SENDERS: tuple[Sender, ...] = (
    _row("gmail.com google.com googlemail.com", "_spf.google.com", "google"),
    _row("office365.com outlook.com", "spf.protection.outlook.com", "selector1 selector2"),
    _row("messagingengine.com fastmail.com", "spf.messagingengine.com", "fm1 fm2 fm3"),
    _row("mail.me.com icloud.com", "icloud.com", "sig1"),
    _row(
        "zoho.com zohomail.com zoho.eu zohomail.eu",
        "zohomail.com zoho.com zoho.eu zohomail.eu one.zoho.com",
        "zmail zoho",
    ),
    _row("protonmail.ch proton.me", "_spf.protonmail.ch", "protonmail protonmail2 protonmail3"),
    _row("mailbox.org", "mailbox.org", "mbo0001 mbo0002"),
    _row("sendgrid.net", "sendgrid.net", "s1 s2"),
    _row("mailgun.org", "mailgun.org", "mx mailo k1 pic"),
    _row("amazonaws.com", "amazonses.com"),
    _row("postmarkapp.com", "spf.mtasv.net"),
    _row("mailjet.com", "spf.mailjet.com", "mailjet"),
    _row("brevo.com sendinblue.com", "spf.brevo.com spf.sendinblue.com", "brevo1 mail"),
    _row("ovh.net", "mx.ovh.com"),
    _row("gandi.net", "_mailcust.gandi.net", "gm1 gm2 gm3"),
    _row(
        "ionos.de ionos.com ionos.co.uk kundenserver.de 1and1.com",
        "_spf-eu.ionos.com _spf-us.ionos.com _spf.kundenserver.de _spf.perfora.net",
        "s1-ionos s2-ionos",
    ),
    _row("infomaniak.com", "spf.infomaniak.ch"),
    _row("migadu.com", "spf.migadu.com", "key1 key2 key3"),
    _row("hostinger.com titan.email", "_spf.mail.hostinger.com spf.titan.email", "titan1"),
    _row("privateemail.com", "spf.privateemail.com", "default"),
    _row("secureserver.net", "secureserver.net"),
    _row("runbox.com", "spf.runbox.com"),
    _row("yandex.com yandex.ru", "_spf.yandex.net", "mail"),
    _row("mail.ru", "_spf.mail.ru", "mailru"),
)
#: Names many servers choose for their key.
COMMON_SELECTORS = ("default", "dkim", "mail", "s1", "selector1", "k1")


def of_host(host: str) -> Sender | None:
    """The service a server belongs to, where it is known."""
    name = host.lower().rstrip(".")
    for sender in SENDERS:
        if any(name == end or name.endswith(f".{end}") for end in sender.hosts):
            return sender
    return None
