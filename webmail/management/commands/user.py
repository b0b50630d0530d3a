"""``manage.py user add|list|set``: the people of this installation."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from accounts.models import Role, User
from lib.operator import (
    AddVerb,
    Answer,
    OperatorCommand,
    OperatorError,
    add_password_option,
    on_off,
    read_password,
)
from webmail.services import people


class Command(OperatorCommand):
    help = "People who may sign in."

    def add_verbs(self, add: AddVerb) -> None:
        new = add("add", self.add, "Make a person, with the folders everybody has.")
        new.add_argument("email")
        _add_fields(new)
        add_password_option(new, required=True)
        listing = add("list", self.show_all, "All people, or those of one domain.")
        listing.add_argument("--domain")
        change = add("set", self.set, "Change a person.")
        change.add_argument("email")
        _add_fields(change)
        change.add_argument("--active", type=on_off, metavar="on|off", help="May sign in.")
        add_password_option(change)

    def add(
        self, *, email: str, role: str | None, display_name: str | None, password_stdin: bool
    ) -> Answer:
        user = people.add_user(
            email=email,
            password=read_password(),
            role=role or Role.USER,
            display_name=display_name or "",
        )
        return _described(user)

    def show_all(self, *, domain: str | None) -> Answer:
        users = User.objects.select_related("domain")
        if domain is not None:
            users = users.filter(domain=people.find_domain(domain))
        return [_described(user) for user in users]

    def set(
        self,
        *,
        email: str,
        role: str | None,
        display_name: str | None,
        active: bool | None,
        password_stdin: bool,
    ) -> Answer:
        user = people.find_user(email)
        wanted = {"role": role, "display_name": display_name, "is_active": active}
        changes = {name: value for name, value in wanted.items() if value is not None}
        if not changes and not password_stdin:
            raise OperatorError("Nothing to change was named.")
        for name, value in changes.items():
            setattr(user, name, value)
        if password_stdin:
            people.set_password(user=user, password=read_password())
            changes["password"] = ""
        user.save(update_fields=list(changes))
        return _described(user)


def _add_fields(parser: ArgumentParser) -> None:
    parser.add_argument("--role", choices=Role.values)
    parser.add_argument("--display-name", help="The name other people see.")


def _described(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "display_name": user.display_name,
        "role": user.role,
        "domain": user.domain.name,
        "active": user.is_active,
    }
