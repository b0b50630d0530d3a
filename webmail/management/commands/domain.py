"""``manage.py domain add|list|set|remove|keep``: the mail domains of this installation."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from accounts.models import Domain
from connectivity.models import Feature
from connectivity.services.features import effective
from lib.operator import (
    AddVerb,
    Answer,
    OperatorCommand,
    OperatorError,
    at_least_one,
    on_off,
)
from webmail.services import branding, domains, people, removing
from webmail.services.branding import Look
from webmail.services.removing import RemovalRefused

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
        _add_removal(add("remove", self.remove, "Take a domain away, and its people on demand."))
        back = add("keep", self.keep, "Take back that all people of a domain are deleted.")
        back.add_argument("name")

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

    def remove(self, *, name: str, with_people: bool, yes: bool, days: int) -> Answer:
        domain, now = people.find_domain(name), timezone.now()
        held = domain.users.count()
        if held and not with_people:
            raise OperatorError(
                f"{domain.name} has people ({held}), so it stays. --with-people marks all of them "
                "for deletion; the domain goes with the last of them."
            )
        if not yes:
            raise OperatorError(
                f"Nothing was done. {_warning(domain, held, days)} Say --yes to do it."
            )
        if not held:
            if not domains.remove(domain, now=now):
                raise OperatorError(f"Somebody came to {domain.name} meanwhile, so it stays.")
            return _progress(domain, removed=True)
        try:
            domains.remove_with_people(domain, now=now, grace=timedelta(days=days))
        except RemovalRefused as refused:
            raise OperatorError(str(refused)) from None
        return _progress(domain, removed=False)

    def keep(self, *, name: str) -> Answer:
        domain = people.find_domain(name)
        was_to_go = domain.removal_asked_at is not None
        kept = domains.keep_people(domain, now=timezone.now())
        if not kept and not was_to_go:
            raise OperatorError(f"Nobody of {domain.name} is to be deleted by a command.")
        return {"name": domain.name, "kept": kept}


def _add_removal(parser: ArgumentParser) -> None:
    parser.add_argument("name")
    parser.add_argument(
        "--with-people",
        action="store_true",
        help="Mark its people for deletion; the domain goes with the last of them.",
    )
    parser.add_argument("--days", type=at_least_one, default=removing.GRACE.days, metavar="N")
    parser.add_argument("--yes", action="store_true", help="Do it; without it nothing is done.")


def _progress(domain: Domain, *, removed: bool) -> Answer:
    """How far it is: asked again, the same command says it anew and changes nothing."""
    if removed:
        return {"name": domain.name, "removed": True, "people": 0, "delete_after": None}
    far = domains.progress(domain)
    return {
        "name": domain.name,
        "removed": False,
        "asked_at": domain.removal_asked_at,
        "people": far.left,
        "people_gone": far.gone,
        "delete_after": far.until,
    }


def _warning(domain: Domain, held: int, days: int) -> str:
    if held:
        return (
            f"{held} people of {domain.name} would be deleted with all their mail in {days} days, "
            "and the domain with the last of them."
        )
    return f"{domain.name} would be removed with its switches, limits and branding."


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
