"""``manage.py smtp-account``: SMTP accounts from the command line."""  # noqa: N999 - its name

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from accounts.models import User
from connectivity.causes import Explained
from lib.operator import (
    AddVerb,
    OperatorCommand,
    OperatorError,
    Row,
    add_password_option,
    read_password,
)
from smtp_accounts import addresses
from smtp_accounts.models import Encryption, SmtpAccount
from smtp_accounts.proposals import PORTS, initial_of
from smtp_accounts.services import accounts, identities
from smtp_accounts.services.accounts import AccountValues, Outcome
from smtp_accounts.services.leaning import ReplacementNeededError

_NAMES = {"none": Encryption.NONE, "ssl": Encryption.SSL, "tls": Encryption.TLS}
# What the retrieval command calls the same thing.
_ALIASES = {**_NAMES, "starttls": Encryption.TLS}


class Command(OperatorCommand):
    help = "Add, list, test and delete SMTP accounts."
    missing = "There is no such user or SMTP account."

    def add_verbs(self, add: AddVerb) -> None:
        _add_options(add("add", self.add_account, "add an account; tested first unless --no-test"))
        listing = add("list", self.list_accounts, "all accounts, or those of one user")
        listing.add_argument("email", nargs="?", default="")
        tested = add("test", self.test_account, "try a stored account, sending nothing")
        tested.add_argument("account_id", type=int, metavar="ID")
        removal = add("delete", self.delete_account, "remove an account and its password")
        removal.add_argument("account_id", type=int, metavar="ID")
        removal.add_argument("--replacement", type=int, metavar="ID", help="takes its place")
        removal.add_argument(
            "--use-local", action="store_true", help="the user's own address takes its place"
        )

    def add_account(self, *, email: str, no_test: bool, default: bool, **options: Any) -> Row:
        """Add an account with the same checks as the page."""
        user = User.objects.get(email=email.lower())
        values = _values(options)
        outcome = accounts.save(user=user, values=values, now=timezone.now(), test=not no_test)
        if outcome.account is None:
            raise _refusal(outcome)
        if default:
            identities.set_default(user, identities.primary_of(outcome.account))
        return _summary(outcome.account)

    def list_accounts(self, *, email: str) -> list[Row]:
        rows = SmtpAccount.objects.select_related("user")
        if email:
            rows = rows.filter(user=User.objects.get(email=email.lower()))
        return [_summary(row) for row in rows]

    def test_account(self, *, account_id: int) -> Row:
        """Connect, encrypt, sign in, announce the sender; exit 1 with the cause when it failed."""
        row = _account(account_id)
        values = AccountValues(**initial_of(row))
        outcome = accounts.check(user=row.user, values=values, now=timezone.now(), account=row)
        if not outcome.ok:
            raise _refusal(outcome)
        return {**_summary(row), "works": True}

    def delete_account(self, *, account_id: int, replacement: int | None, use_local: bool) -> Row:
        row = _account(account_id)
        instead = identities.local_of(row.user) if use_local else None
        if replacement:
            other = SmtpAccount.objects.get(user=row.user, pk=replacement)
            instead = identities.primary_of(other)
        try:
            accounts.delete(account=row, replacement=instead)
        except ReplacementNeededError:
            raise OperatorError(
                "The account is in use: name another with --replacement, or give --use-local."
            ) from None
        return {"deleted": account_id}


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("email", help="the user's address here")
    parser.add_argument("--server", required=True, help="server address")
    parser.add_argument("--port", type=int, help="default: what fits the encryption")
    parser.add_argument("--encryption", "--security", choices=sorted(_ALIASES), default="none")
    parser.add_argument("--address", help="the address to send as; default: the username")
    parser.add_argument("--display-name", default="")
    parser.add_argument("--username", default="", help="without it nobody signs in")
    parser.add_argument("--default", action="store_true", help="make it the Default From Address")
    parser.add_argument("--no-test", action="store_true", help="store without trying")
    add_password_option(parser)


def _values(options: dict[str, Any]) -> AccountValues:
    encryption = _ALIASES[options["encryption"]]
    username = options["username"]
    address = addresses.normal(options["address"] or username)
    if not address:
        raise OperatorError("Give the full address to send as with --address.")
    if username and not options["password_stdin"]:
        raise OperatorError("A username needs a password: give it with --password-stdin.")
    return AccountValues(
        display_name=options["display_name"],
        host=options["server"],
        port=options["port"] or PORTS[encryption],
        encryption=encryption,
        email=address,
        use_authentication=bool(username),
        username=username,
        password=read_password() if username else "",
    )


def _refusal(outcome: Outcome) -> OperatorError:
    problem: Explained | None = outcome.problem
    if problem is None:
        return OperatorError("The account could not be saved.")
    facts = {"cause": problem.cause, "action": problem.action, "server": problem.server_line}
    return OperatorError(problem.sentence, facts)


def _account(account_id: int) -> SmtpAccount:
    rows = SmtpAccount.objects.select_related("user__domain", "credential")
    return rows.get(pk=account_id)


def _summary(row: SmtpAccount) -> Row:
    return {
        "id": row.pk,
        "user": row.user.email,
        "address": row.email,
        "server": f"{row.host}:{row.port}",
        "encryption": row.encryption,
        "username": row.username or None,
        "default": row.identities.filter(is_default=True).exists(),
        "cause": row.cause or None,
    }
