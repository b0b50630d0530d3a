"""``manage.py domain add|list|set``: the mail domains of this installation."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.db.models import Count
from django.utils import timezone

from accounts.models import Domain
from connectivity.models import Feature
from connectivity.services.features import effective
from lib.operator import AddVerb, Answer, OperatorCommand, on_off
from webmail.services import people

_SWITCHES = {feature.value.replace("-", "_"): feature for feature in Feature}


class Command(OperatorCommand):
    help = "Mail domains and the features switched on for them."

    def add_verbs(self, add: AddVerb) -> None:
        new = add("add", self.add, "Make a domain.")
        new.add_argument("name")
        _add_switches(new)
        add("list", self.show_all, "All domains.")
        change = add("set", self.set, "Switch features on or off.")
        target = change.add_mutually_exclusive_group(required=True)
        target.add_argument("name", nargs="?")
        target.add_argument(
            "--system", action="store_true", help="The switches above those of every domain."
        )
        _add_switches(change)

    def add(self, *, name: str, **switches: bool | None) -> Answer:
        return _described(
            people.add_domain(name=name, switches=_chosen(switches), now=timezone.now())
        )

    def show_all(self) -> Answer:
        return [_described(domain) for domain in Domain.objects.annotate(people=Count("users"))]

    def set(self, *, name: str | None, system: bool, **switches: bool | None) -> Answer:
        domain = None if system or name is None else people.find_domain(name)
        people.set_switches(domain=domain, switches=_chosen(switches), now=timezone.now())
        return _described(domain) if domain else self.show_all()


def _add_switches(parser: ArgumentParser) -> None:
    for option in _SWITCHES:
        parser.add_argument(f"--{option.replace('_', '-')}", type=on_off, metavar="on|off")


def _chosen(switches: dict[str, bool | None]) -> dict[str, bool]:
    return {_SWITCHES[name]: value for name, value in switches.items() if value is not None}


def _described(domain: Domain) -> dict[str, Any]:
    states = {name: effective(domain, feature) for name, feature in _SWITCHES.items()}
    return {
        "name": domain.name,
        "users": getattr(domain, "people", None) or domain.users.count(),
        **{name: state.enabled for name, state in states.items()},
        **{f"{name}_decided_by": state.origin for name, state in states.items()},
    }
