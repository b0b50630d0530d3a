"""``manage.py limits show|set``: how much a person may have and do, by system and domain."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Domain
from accounts.services import limits
from accounts.services.limits import Held, LooserError
from lib.operator import AddVerb, Answer, OperatorCommand, OperatorError
from webmail.services import people

_UNITS = {"interval": "SECONDS", "message_size": "BYTES", "quota": "BYTES"}
NONE = "none"


class Command(OperatorCommand):
    help = "Limits of each person, for the whole system or stricter for a domain."

    def add_verbs(self, add: AddVerb) -> None:
        shown = add("show", self.show, "What holds, and who set it.")
        shown.add_argument("--domain", help="Without it the whole system.")
        change = add("set", self.change, "Set limits; those not named stay.")
        change.add_argument("--domain", help="Without it the whole system.")
        _add_limits(change)

    def show(self, *, domain: str | None) -> Answer:
        return _described(_named(domain))

    @transaction.atomic
    def change(self, *, domain: str | None, **named: int | str | None) -> Answer:
        where = _named(domain)
        values: dict[str, Any] = asdict(limits.own(where.pk if where else None, ceiling=True))
        for name, value in named.items():
            if value is not None:
                values[name] = None if value == NONE else value
        try:
            limits.save(where, Held(**values), by=None, now=timezone.now())
        except LooserError as looser:
            names = ", ".join(looser.names)
            raise OperatorError(f"A level above is stricter already: {names}.") from None
        except ValueError as wrong:
            raise OperatorError(f"{wrong}: at least {dict(limits.LEAST)}.") from None
        return _described(where)


def _add_limits(parser: ArgumentParser) -> None:
    for name in limits.NAMES:
        unit = _UNITS.get(name, "NUMBER")
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, dest=name, type=_figure, metavar=f"{unit}|{NONE}")


def _figure(text: str) -> int | str:
    if text == NONE:
        return NONE
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise ArgumentTypeError(f"{text!r} is neither a whole number nor {NONE!r}")
    return int(text)


def _named(domain: str | None) -> Domain | None:
    return None if domain is None else people.find_domain(domain)


def _described(domain: Domain | None) -> dict[str, Any]:
    found = limits.explained(domain.pk if domain else None)
    return {
        "domain": domain.name if domain else None,
        **{name: one.value for name, one in found.items()},
        **{f"{name}_set_by": str(one.origin) for name, one in found.items()},
    }
