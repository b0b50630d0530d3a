"""Providers whose servers are known: they only fill in the form and say what to do first.

On the date given, host names, ports and encryption were compared with what is named by
``compared_with``. Where in a provider's pages a setting is found changes without notice, so the
steps say what to look for, and the link leads to the provider's own help on it. A provider
belongs here only if a password or app password works; those that want a sign-in of their own
come with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CHECKED_ON = date(2026, 11, 21)
PUBLISHED = _("the published autoconfiguration data")


@dataclass(frozen=True, slots=True)
class Server:
    """Host and port, encrypted from the first byte or, where ``starttls`` is set, on request."""

    host: str
    port: int
    starttls: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """One tile. ``pop`` is None where the provider does not offer POP (A59).

    ``link`` is a page of the provider that explains its app passwords or how access is allowed.
    """

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
    compared_with: str | Promise = PUBLISHED

    @property
    def lead_text(self) -> str:
        """The sentence the form begins with."""
        return str(self.lead) % {"name": self.name}

    @property
    def step_texts(self) -> tuple[str, ...]:
        """What to do there first, in order."""
        return tuple(str(step) % {"name": self.name} for step in self.steps)

    @property
    def tint_class(self) -> str:
        return f"a{self.tint}"


_APP_PASSWORD = _("%(name)s wants an app password here, not your normal one.")
_OPEN = _("Sign in to %(name)s in a browser and look for app passwords in its security settings")
_CREATE = _("Create one, call it Tributary, and copy it")
_ALLOW = _("Sign in to %(name)s in a browser and allow POP3 and IMAP in the e-mail settings")

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
            _("Open the page for app passwords"),
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
            _OPEN,
            _CREATE,
        ),
        link="https://help.yahoo.com/kb/generate-manage-rd-party-passwords-sln15241.html",
    ),
    Provider(
        key="icloud",
        name="iCloud",
        letters="iC",
        tint=6,
        domains=("icloud.com", "me.com", "mac.com"),
        imap=Server("imap.mail.me.com", 993),
        pop=None,
        smtp=Server("smtp.mail.me.com", 587, starttls=True),
        lead=_("Apple wants an app-specific password here, not your normal one."),
        steps=(
            _("Turn on two-factor authentication for your Apple Account"),
            _("Sign in at account.apple.com and look for app-specific passwords"),
            _CREATE,
            _("If sign-in is refused, use only the part of your address before the @ as username"),
        ),
        link="https://support.apple.com/102654",
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
            _OPEN,
            _CREATE,
        ),
        link="https://help.aol.com/articles/Create-and-manage-app-password",
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
            _ALLOW,
            _("With two-factor sign-in, create an app password and use it here"),
        ),
        link="https://hilfe.gmx.net/pop-imap/einschalten.html",
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
            _ALLOW,
            _("With two-factor sign-in, create an app password and use it here"),
            _("If sign-in is refused, use only the part of your address before the @ as username"),
        ),
        link="https://hilfe.web.de/pop-imap/einschalten.html",
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
            _("Turn on IMAP or POP access in the settings of Zoho Mail"),
            _("With two-factor sign-in, create an application-specific password and use it here"),
            _("Accounts outside the .com region use another server, such as imap.zoho.eu"),
        ),
        link="https://www.zoho.com/mail/help/imap-access.html",
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
            _OPEN,
            _CREATE,
        ),
        link="https://www.fastmail.com/help/clients/apppassword.html",
        compared_with=_("the provider's help pages"),
    ),
)


def by_key(key: str, providers: Sequence[Provider] = PROVIDERS) -> Provider | None:
    """The provider of a tile; None for an unknown key."""
    return next((one for one in providers if one.key == key), None)


def by_address(address: str, providers: Sequence[Provider] = PROVIDERS) -> Provider | None:
    """The provider of an e-mail address, by its domain; None if it is not known."""
    domain = address.strip().rpartition("@")[2].lower()
    return next((one for one in providers if domain in one.domains), None)


#: Providers without a tile, by the domain of their servers.
_OTHERS = {"office365.com": "Microsoft 365", "outlook.com": "Outlook.com", "zoho.com": "Zoho"}


def name_of(host: str) -> str:
    """What people call the owner of a server: a provider's name, else the host itself."""
    known = by_host(host)
    if known is not None:
        return known.name
    parts = host.lower().rstrip(".").split(".")
    return _OTHERS.get(".".join(parts[-2:]), host)


def by_host(host: str, providers: Sequence[Provider] = PROVIDERS) -> Provider | None:
    """The provider one of whose servers this is; None if it is not known."""
    wanted = host.lower().rstrip(".")
    for one in providers:
        if any(server and server.host == wanted for server in (one.imap, one.pop, one.smtp)):
            return one
    return None
