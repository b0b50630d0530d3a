"""``manage.py user add|list|set|recover|delete|keep|import``: the people of this installation."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Role, User
from accounts.services import audit
from lib.operator import (
    AddVerb,
    Answer,
    OperatorCommand,
    OperatorError,
    add_password_option,
    at_least_one,
    on_off,
    read_password,
)
from webmail.services import managing, people, removing
from webmail.services.managing import NotAllowed, Profile
from webmail.services.removing import RemovalRefused

MB = 1024 * 1024
# Needed seldom: loaded when it is called.
IMPORT = "webmail.management.bringing.bring"


class Command(OperatorCommand):
    help = "People who may sign in."

    def add_verbs(self, add: AddVerb) -> None:
        new = add("add", self.add, "Make a person, with the folders everybody has.")
        new.add_argument("email")
        _add_fields(new)
        new.add_argument(
            "--must-change", action="store_true", help="The first sign-in asks for a new password."
        )
        add_password_option(new, required=True)
        listing = add("list", self.show_all, "All people, or those of one domain.")
        listing.add_argument("--domain")
        change = add("set", self.set, "Change a person, who is told. A password is good once.")
        change.add_argument("email")
        _add_fields(change)
        change.add_argument("--active", type=on_off, metavar="on|off", help="May sign in.")
        add_password_option(change)
        back = add(
            "recover",
            self.recover,
            "Let somebody in again: new password, no lock, no second step, enabled and kept.",
        )
        back.add_argument("email")
        add_password_option(back, required=True)
        gone = add("delete", self.delete, "Mark for deletion; it can be taken back for a while.")
        gone.add_argument("email")
        gone.add_argument("--days", type=at_least_one, default=removing.GRACE.days)
        add("keep", self.keep, "Take a deletion back.").add_argument("email")
        _add_list(add("import", IMPORT, "Bring in a list of people, as under Users > Import."))

    def add(self, *, email: str, must_change: bool, password_stdin: bool, **fields: Any) -> Answer:
        with transaction.atomic():
            user = people.add_user(
                email=email,
                password=read_password(),
                role=fields["role"] or Role.USER,
                display_name=fields["display_name"] or "",
            )
            audit.note("user-added", subject=user, detail={"role": user.role})
            if must_change:
                user.password_is_given = True
                user.save(update_fields=["password_is_given"])
            if _named(fields):
                managing.change(user=user, profile=_profile(user, fields), now=timezone.now())
        return _described(user)

    def show_all(self, *, domain: str | None) -> Answer:
        users = User.objects.select_related("domain")
        if domain is not None:
            users = users.filter(domain=people.find_domain(domain))
        return [_described(user) for user in users]

    def set(
        self, *, email: str, active: bool | None, password_stdin: bool, **fields: Any
    ) -> Answer:
        user, now = people.find_user(email), timezone.now()
        if not _named(fields) and active is None and not password_stdin:
            raise OperatorError("Nothing to change was named.")
        try:
            with transaction.atomic():
                managing.change(user=user, profile=_profile(user, fields), now=now)
                if password_stdin:
                    managing.set_password(user=user, password=read_password(), now=now)
                if active is not None:
                    managing.set_active(user=user, active=active, now=now)
        except NotAllowed as refused:
            raise OperatorError(str(refused)) from None
        return _described(user)

    def recover(self, *, email: str, password_stdin: bool) -> Answer:
        user = people.find_user(email)
        managing.recover(user=user, password=read_password(), now=timezone.now())
        return _described(user)

    def delete(self, *, email: str, days: int) -> Answer:
        user = people.find_user(email)
        try:
            managing.mark(user=user, now=timezone.now(), grace=timedelta(days=days))
        except RemovalRefused as refused:
            raise OperatorError(str(refused)) from None
        return _described(user)

    def keep(self, *, email: str) -> Answer:
        user = people.find_user(email)
        if not managing.take_back(user=user, now=timezone.now()):
            raise OperatorError(f"{user.email} is not marked for deletion, or its time is over.")
        return _described(user)


def _add_list(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.csv")
    parser.add_argument("--domain", metavar="NAME", help="Needed where there are several.")
    parser.add_argument("--dry-run", action="store_true", help="Only tell what would be done.")


def _add_fields(parser: ArgumentParser) -> None:
    parser.add_argument("--role", choices=Role.values)
    parser.add_argument("--display-name", help="The name other people see.")
    parser.add_argument(
        "--backup-address", help="Where links for a new password go; empty removes it."
    )
    parser.add_argument(
        "--quota", type=_quota, metavar="MB|domain", help="Space; domain: what the domain gives."
    )


def _quota(text: str) -> int:
    """Megabytes as bytes; 0 stands for what the domain gives."""
    return 0 if text == "domain" else at_least_one(text) * MB


_quota.__name__ = "number of MB, or domain"


def _named(fields: dict[str, Any]) -> bool:
    return any(value is not None for value in fields.values())


def _profile(user: User, fields: dict[str, Any]) -> Profile:
    """What is to hold after the change: what was named, else what holds now."""
    now = Profile(user.display_name, user.role, user.backup_address, user.quota)
    named = {name: value for name, value in fields.items() if value is not None}
    if "quota" in named:
        named["quota"] = named["quota"] or None
    return replace(now, **named)


def _described(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "display_name": user.display_name,
        "role": user.role,
        "domain": user.domain.name,
        "active": user.is_active,
        "backup_address": user.backup_address,
        "quota": user.quota,
        "must_change_password": user.password_is_given,
        "delete_after": user.delete_after,
    }
