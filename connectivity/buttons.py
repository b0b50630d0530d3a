"""The next steps a failure offers: which of its buttons fit the account at hand.

A cause names its buttons; each is offered only where it would change something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from connectivity.cause import Button
from connectivity.providers import LOCAL_PART, Provider, by_host
from protocols.types import Security

#: Ports with encryption from the first byte, by what is tested.
SECURE_PORTS: Mapping[str, int] = {"imap": 993, "pop": 995, "smtp": 465}


@dataclass(frozen=True, slots=True)
class Setting:
    """The account that was tried; ``kind`` is imap, pop or smtp.

    ``sha256`` is the certificate that was not believed, where this person may trust it alone.
    """

    kind: str
    host: str
    port: int
    username: str = ""
    provider: Provider | None = None
    security: Security | None = None
    sha256: str = ""

    @property
    def owner(self) -> Provider | None:
        """The provider that was chosen, or the one this server belongs to."""
        return self.provider or by_host(self.host)


def offered(names: Iterable[str], setting: Setting) -> tuple[Button, ...]:
    """The buttons of these names that fit, in their order."""
    made = (_MAKERS[name](setting) for name in names)
    return tuple(button for button in made if button is not None)


def _port(setting: Setting) -> Button | None:
    port = SECURE_PORTS.get(setting.kind, 0)
    owner = setting.owner
    if owner is not None:
        server = {"imap": owner.imap, "pop": owner.pop, "smtp": owner.smtp}.get(setting.kind)
        port = server.port if server is not None and server.port else port
    if not port or port == setting.port:
        return None
    return Button(_("Use port %(port)s") % {"port": port}, f"port:{port}")


def _type(kind: str, label: str) -> Callable[[Setting], Button | None]:
    def made(setting: Setting) -> Button | None:
        owner = setting.owner
        if setting.kind in (kind, "smtp") or (owner is not None and kind not in owner.types):
            return None
        return Button(_("Use %(type)s") % {"type": label}, f"type:{kind}")

    return made


def _ssl(setting: Setting) -> Button | None:
    if setting.security not in (None, Security.NONE):
        return None
    return Button(_("Turn on SSL") if setting.kind == "smtp" else _("Require SSL"), "ssl:on")


def _clear(setting: Setting) -> Button | None:
    """What was asked for in TLS is there in STARTTLS, so the other way is worth a try."""
    return Button(_("Use STARTTLS"), "ssl:starttls") if setting.kind == "smtp" else None


def _help(setting: Setting) -> Button | None:
    owner = setting.owner
    if owner is None or not owner.link or owner.auth == "oauth":
        return None
    if owner.auth == "app-password":
        lead = _("Most likely: %(name)s wants an app password.") % {"name": owner.name}
        return Button(_("How to get one"), url=owner.link, lead=lead)
    lead = _("%(name)s may have to allow other programs first.") % {"name": owner.name}
    return Button(_("How to allow it"), url=owner.link, lead=lead)


def _how(setting: Setting) -> Button | None:
    """The same where the server has said it itself, so that nothing has to be guessed."""
    helping = _help(setting)
    return replace(helping, lead="") if helping is not None else None


def _access(setting: Setting) -> Button | None:
    owner = setting.owner
    if owner is None or not owner.link:
        return None
    return Button(_("Help by %(name)s") % {"name": owner.name}, url=owner.link)


def _username(setting: Setting) -> Button | None:
    """The part before the @, where the provider is not known to want all of it."""
    local, at, domain = setting.username.partition("@")
    owner = setting.owner
    certain = owner is not None and not owner.is_generic and owner.username != LOCAL_PART
    if not at or not local or not domain or certain:
        return None
    values = {"name": local}
    return Button(
        _("Try “%(name)s”") % values,
        f"username:{local}",
        lead=_("Also possible: the username is “%(name)s”, not the address.") % values,
    )


def _oauth(setting: Setting) -> Button | None:
    owner = setting.owner
    if owner is None or owner.auth != "oauth":
        return None
    return Button(_("Sign in at %(name)s") % {"name": owner.name}, "oauth")


def _pin(setting: Setting) -> Button | None:
    if not setting.sha256:
        return None
    lead = _("If this is your own server and the fingerprint is right, you can trust it alone.")
    return Button(_("Trust this certificate"), f"pin:{setting.sha256}", lead=lead)


_MAKERS: Mapping[str, Callable[[Setting], Button | None]] = {
    "port": _port,
    "imap": _type("imap", "IMAP"),
    "pop": _type("pop", "POP"),
    "ssl": _ssl,
    "starttls": _clear,
    "help": _help,
    "how": _how,
    "access": _access,
    "username": _username,
    "oauth": _oauth,
    "pin": _pin,
    "again": lambda _setting: Button(_("Test again"), "again"),
    "apop": lambda _setting: Button(_("Turn off APOP"), "apop:off"),
    "authentication": lambda _setting: Button(_("Turn on sign-in"), "authentication:on"),
}
NAMES = frozenset(_MAKERS)
