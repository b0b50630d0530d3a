"""``manage.py domain add|list|set``: the mail domains of this installation."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from accounts.models import Domain
from connectivity.models import Feature
from connectivity.services.features import effective
from lib.operator import AddVerb, Answer, OperatorCommand, OperatorError, on_off
from webmail.services import branding, people
from webmail.services.branding import Look

_LOOK = ("title", "sender_name", "sender_address")
_SWITCHES = {feature.value.replace("-", "_"): feature for feature in Feature}


class Command(OperatorCommand):
    help = "Mail domains and the features switched on for them."

    def add_verbs(self, add: AddVerb) -> None:
        new = add("add", self.add, "Make a domain.")
        new.add_argument("name")
        _add_look(new)
        _add_switches(new)
        add("list", self.show_all, "All domains.")
        change = add("set", self.set, "Switch features; name and sender of a domain.")
        target = change.add_mutually_exclusive_group(required=True)
        target.add_argument("name", nargs="?")
        target.add_argument(
            "--system", action="store_true", help="The switches above those of every domain."
        )
        _add_look(change)
        _add_switches(change)

    @transaction.atomic
    def add(self, *, name: str, **options: Any) -> Answer:
        now = timezone.now()
        look, switches = _look(options), _chosen(options)
        domain = people.add_domain(name=name, switches=switches, now=now)
        return _described(_branded(domain, look))

    def show_all(self) -> Answer:
        return [_described(domain) for domain in Domain.objects.annotate(people=Count("users"))]

    @transaction.atomic
    def set(self, *, name: str | None, system: bool, **options: Any) -> Answer:
        domain = None if system or name is None else people.find_domain(name)
        look = _look(options)
        people.set_switches(domain=domain, switches=_chosen(options), now=timezone.now())
        if domain is not None:
            return _described(_branded(domain, look))
        if look:
            raise OperatorError("Name and sender are those of one domain: name it.")
        return self.show_all()


def _add_look(parser: ArgumentParser) -> None:
    parser.add_argument("--title", help="The name people see; empty: Tributary.")
    parser.add_argument("--sender-name", help="Who mail of the system is from.")
    parser.add_argument("--sender-address", help="Its address, in a domain of this installation.")


def _look(options: dict[str, Any]) -> dict[str, str]:
    """What was named of `_LOOK`, taken out of the options."""
    found = {name: options.pop(name, None) for name in _LOOK}
    return {name: value for name, value in found.items() if value is not None}


def _branded(domain: Domain, named: dict[str, str]) -> Domain:
    if named:
        wanted = {name: getattr(domain, name) for name in _LOOK} | named
        look = Look(*wanted.values())
        branding.change(domain=domain, look=look, now=timezone.now(), anywhere=True)
    return domain


def _add_switches(parser: ArgumentParser) -> None:
    for option in _SWITCHES:
        parser.add_argument(f"--{option.replace('_', '-')}", type=on_off, metavar="on|off")


def _chosen(switches: dict[str, bool | None]) -> dict[str, bool]:
    return {_SWITCHES[name]: value for name, value in switches.items() if value is not None}


def _described(domain: Domain) -> dict[str, Any]:
    states = {name: effective(domain, feature) for name, feature in _SWITCHES.items()}
    return {
        "name": domain.name,
        **{name: getattr(domain, name) for name in _LOOK},
        "users": getattr(domain, "people", None) or domain.users.count(),
        **{name: state.enabled for name, state in states.items()},
        **{f"{name}_decided_by": state.origin for name, state in states.items()},
    }
