"""Providers whose servers are known: they only fill in the form and say what to do first.

Checked against each provider's own help pages on the date given. A provider belongs here only
if a password or app password works; those that want a sign-in of their own come with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CHECKED_ON = date(2026, 11, 20)


@dataclass(frozen=True, slots=True)
class Server:
    """Host and port; the connection is encrypted from the first byte."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Provider:
    """One tile. ``pop`` is None where the provider does not offer POP (A59)."""

    key: str
    name: str
    letters: str
    tint: int
    domains: tuple[str, ...]
    imap: Server
    pop: Server | None
    smtp: Server
    lead: str | Promise
    steps: tuple[str | Promise, ...] = ()
    link: str = ""

    @property
    def lead_text(self) -> str:
        """The sentence the form begins with."""
        return str(self.lead) % {"name": self.name}

    @property
    def tint_class(self) -> str:
        return f"a{self.tint}"


_APP_PASSWORD = _("%(name)s wants an app password here, not your normal one.")
_CREATE = _("Create one, call it Tributary, and copy it")

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        key="gmail",
        name="Gmail",
        letters="G",
        tint=2,
        domains=("gmail.com", "googlemail.com"),
        imap=Server("imap.gmail.com", 993),
        pop=Server("pop.gmail.com", 995),
        smtp=Server("smtp.gmail.com", 465),
        lead=_(
            "Google wants an app password of 16 letters here, not your normal password. "
            "Google may change its rules for app passwords."
        ),
        steps=(
            _("Turn on 2-Step Verification in your Google account"),
            _("Open the page “App passwords”"),
            _("Create one, call it Tributary, and copy the 16 letters"),
        ),
        link="https://myaccount.google.com/apppasswords",
    ),
    Provider(
        key="yahoo",
        name="Yahoo",
        letters="Y",
        tint=3,
        domains=("yahoo.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr", "ymail.com", "rocketmail.com"),
        imap=Server("imap.mail.yahoo.com", 993),
        pop=Server("pop.mail.yahoo.com", 995),
        smtp=Server("smtp.mail.yahoo.com", 465),
        lead=_APP_PASSWORD,
        steps=(
            _("Open “Account security” in your Yahoo account"),
            _("Choose “Generate app password”"),
            _CREATE,
        ),
        link="https://login.yahoo.com/account/security",
    ),
    Provider(
        key="icloud",
        name="iCloud",
        letters="iC",
        tint=6,
        domains=("icloud.com", "me.com", "mac.com"),
        imap=Server("imap.mail.me.com", 993),
        pop=None,
        smtp=Server("smtp.mail.me.com", 587),
        lead=_("Apple wants an app-specific password here, not your normal one."),
        steps=(
            _("Sign in at account.apple.com"),
            _("Open “Sign-In and Security”, then “App-Specific Passwords”"),
            _CREATE,
        ),
        link="https://account.apple.com/account/manage",
    ),
    Provider(
        key="aol",
        name="AOL",
        letters="A",
        tint=6,
        domains=("aol.com", "aol.de", "aim.com"),
        imap=Server("imap.aol.com", 993),
        pop=Server("pop.aol.com", 995),
        smtp=Server("smtp.aol.com", 465),
        lead=_APP_PASSWORD,
        steps=(
            _("Open “Account security” in your AOL account"),
            _("Choose “Generate app password”"),
            _CREATE,
        ),
        link="https://login.aol.com/account/security",
    ),
    Provider(
        key="gmx",
        name="GMX",
        letters="gx",
        tint=4,
        domains=("gmx.net", "gmx.de", "gmx.at", "gmx.ch"),
        imap=Server("imap.gmx.net", 993),
        pop=Server("pop.gmx.net", 995),
        smtp=Server("mail.gmx.net", 465),
        lead=_("GMX lets other programs in only after you have allowed it."),
        steps=(
            _("Sign in at GMX in a browser"),
            _("Open “E-mail”, “Settings”, “POP3/IMAP” and allow access"),
        ),
        link="https://www.gmx.net/",
    ),
    Provider(
        key="webde",
        name="WEB.DE",
        letters="w",
        tint=4,
        domains=("web.de",),
        imap=Server("imap.web.de", 993),
        pop=Server("pop3.web.de", 995),
        smtp=Server("smtp.web.de", 465),
        lead=_("WEB.DE lets other programs in only after you have allowed it."),
        steps=(
            _("Sign in at WEB.DE in a browser"),
            _("Open “E-mail”, “Settings”, “POP3/IMAP” and allow access"),
        ),
        link="https://web.de/",
    ),
    Provider(
        key="zoho",
        name="Zoho",
        letters="Z",
        tint=3,
        domains=("zoho.com", "zohomail.com"),
        imap=Server("imap.zoho.com", 993),
        pop=Server("pop.zoho.com", 995),
        smtp=Server("smtp.zoho.com", 465),
        lead=_("Zoho lets other programs in only after you have allowed it."),
        steps=(
            _("Open “Settings”, “Mail accounts” in Zoho Mail and turn on IMAP or POP access"),
            _("With two-factor sign-in, create an application-specific password"),
        ),
        link="https://accounts.zoho.com/home#security/app_password",
    ),
    Provider(
        key="fastmail",
        name="Fastmail",
        letters="F",
        tint=1,
        domains=("fastmail.com", "fastmail.fm"),
        imap=Server("imap.fastmail.com", 993),
        pop=Server("pop.fastmail.com", 995),
        smtp=Server("smtp.fastmail.com", 465),
        lead=_APP_PASSWORD,
        steps=(
            _("Open “Settings”, “Privacy & Security” in Fastmail"),
            _("Choose “Manage app passwords and access”"),
            _CREATE,
        ),
        link="https://app.fastmail.com/settings/security/devicekeys",
    ),
)


def by_key(key: str, providers: Sequence[Provider] = PROVIDERS) -> Provider | None:
    """The provider of a tile; None for an unknown key."""
    return next((one for one in providers if one.key == key), None)


def by_address(address: str, providers: Sequence[Provider] = PROVIDERS) -> Provider | None:
    """The provider of an e-mail address, by its domain; None if it is not known."""
    domain = address.strip().rpartition("@")[2].lower()
    return next((one for one in providers if domain in one.domains), None)
