"""What the network policy says now, where each part comes from, and what it makes of an address."""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import ip_address

from django.conf import settings
from django.utils.translation import gettext as _

from connectivity.services import network
from protocols.address import judge, opened

LONGEST = 100


@dataclass(frozen=True, slots=True)
class Rule:
    """One setting of the operator; ``values`` empty means ``without`` holds."""

    name: str
    title: str
    values: tuple[str, ...]
    without: str
    help: str
    is_set: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guard would do with an address and a port, and why."""

    asked: str
    is_allowed: bool
    why: str


def rules() -> list[Rule]:
    """The settings of the network policy, in words."""
    ports = sorted(network.policy().allowed_ports or ())
    return [
        _rule(
            "CONNECTIVITY_ALLOWED_NETWORKS",
            _("Networks that are opened"),
            settings.CONNECTIVITY_ALLOWED_NETWORKS,
            _("None: only servers on the public internet are reached."),
            _("A private network people may have mail servers in, such as 10.1.0.0/16:993."),
        ),
        _rule(
            "CONNECTIVITY_PORTS",
            _("Ports"),
            settings.CONNECTIVITY_PORTS,
            ", ".join(map(str, ports)),
            _("Only these ports are connected to, except in networks that are opened."),
        ),
        _rule(
            "CONNECTIVITY_NAMESERVERS",
            _("Name servers"),
            settings.CONNECTIVITY_NAMESERVERS,
            _("Those of the machine."),
            _("Who is asked for the addresses of servers."),
        ),
        _rule(
            "CONNECTIVITY_CA_FILE",
            _("Certificate authorities"),
            [settings.CONNECTIVITY_CA_FILE] if settings.CONNECTIVITY_CA_FILE else [],
            _("Those of the machine."),
            _("Further authorities whose certificates are believed."),
        ),
    ]


def _rule(name: str, title: str, values: list[str], without: str, help: str) -> Rule:
    is_set = bool(os.environ.get(name, "").strip())
    return Rule(name, title, tuple(values), without, help, is_set)


def verdict(text: str) -> Verdict | None:
    """What would be done with ``10.0.0.5:993`` or ``[2001:db8::1]:993``; None: that is neither."""
    asked = text.strip()[:LONGEST]
    host, _colon, number = asked.rpartition(":")
    if not _colon or (asked.count(":") > 1 and not asked.startswith("[")):
        host, number = asked, ""
    try:
        address = ip_address(host.strip("[]").partition("%")[0])
        port = int(number) if number.isascii() and number.isdecimal() else 993
    except ValueError:
        return None
    if not 0 < port < 65536 or (number and not number.isdecimal()):
        return None
    shown = f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
    policy = network.policy()
    if opened(address, policy, port):
        return Verdict(shown, True, _("The operator opened a network it lies in."))
    if not judge(address, policy, port):
        return Verdict(
            shown, False, _("It is not on the public internet, and no opened network covers it.")
        )
    if policy.allowed_ports is not None and port not in policy.allowed_ports:
        return Verdict(shown, False, _("The address is public, but the port is none of those."))
    return Verdict(shown, True, _("It is on the public internet, and the port is one of mail."))
