"""What the dialog of an account starts with: what a tile knows, what was found, what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectivity.providers import Provider
from smtp_accounts.models import Encryption, SmtpAccount

if TYPE_CHECKING:
    from connectivity.discovery import Step

# RFC 8314 section 3.3 for implicit TLS, RFC 6409 for STARTTLS.
PORTS = {Encryption.NONE: 25, Encryption.SSL: 465, Encryption.TLS: 587}
#: The boxes of the form, which a browser sends only when they are ticked.
BOXES = ("use_authentication",)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Values to start with; ``found_by`` names the step that found the server.

    ``is_sure`` is False where the person should look at the server's name before a password goes
    there.
    """

    initial: Mapping[str, Any]
    provider: Provider | None = None
    found_by: str = ""
    steps: tuple[Step, ...] = ()
    is_sure: bool = True


def initial_of(account: SmtpAccount) -> dict[str, Any]:
    """What the form of a stored account starts with; the password never leaves the server."""
    names = (
        "display_name",
        "host",
        "port",
        "encryption",
        "email",
        "use_authentication",
        "username",
    )
    return {name: getattr(account, name) for name in names}


def typed(posted: Mapping[str, Any], action: str) -> dict[str, Any]:
    """What was typed so far, with the change a button stands for; never the password."""
    values: dict[str, Any] = {name: posted[name] for name in posted if name != "password"}
    return changed(values | {name: name in posted for name in BOXES}, action)


def changed(values: dict[str, Any], action: str) -> dict[str, Any]:
    """The values with the change a button stands for.

    ``port:465``, ``username:jdoe``, ``ssl:on``, ``ssl:starttls``, ``authentication:on``.
    """
    what, _, new = action.partition(":")
    if what in ("port", "username") and new:
        values[what] = new
    if what == "ssl":
        way = Encryption.TLS if new == "starttls" else Encryption.SSL
        values |= {"encryption": way, "port": PORTS[way]}
    if action == "authentication:on":
        values["use_authentication"] = True
    return values


def offered_port(encryption: str, port: object) -> int | None:
    """The port that matches the encryption, when another one stands in the field (A22)."""
    if encryption not in Encryption.values:
        return None
    matching = PORTS[Encryption(encryption)]
    return None if str(port) == str(matching) else matching
