"""``manage.py oauth-client``: this installation at sign-in services."""  # noqa: N999 - its name

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from connectivity.forms import ClientForm
from connectivity.models import OAuthClient
from connectivity.oauth_providers import OAUTH_PROVIDERS
from connectivity.services import clients
from lib.operator import AddVerb, Answer, OperatorCommand, OperatorError, on_off, read_password

_NAMED = ("client_id", "tenant", "enabled")


class Command(OperatorCommand):
    help = "Clients of sign-in providers: what lets people sign in at Microsoft or Google."

    def add_verbs(self, add: AddVerb) -> None:
        add("list", self.show_all, "All that are registered, without their secrets.")
        new = add("add", self.register, "Register this installation with a provider.")
        _add_fields(new, required=True)
        change = add("set", self.change, "Change a registration; what is not named stays.")
        _add_fields(change, required=False)
        change.add_argument("--enabled", type=on_off, metavar="on|off", help="Offer this sign-in.")
        gone = add("remove", self.remove, "Forget a registration that no account lives by.")
        gone.add_argument("provider", choices=OAUTH_PROVIDERS)

    def show_all(self) -> Answer:
        return [_described(one) for one in OAuthClient.objects.order_by("provider")]

    def register(self, *, provider: str, **options: Any) -> Answer:
        if OAuthClient.objects.filter(provider=provider).exists():
            raise OperatorError(f"{provider} is registered already: change it with set.")
        return _saved(provider, None, {**options, "enabled": True})

    def change(self, *, provider: str, **options: Any) -> Answer:
        if not options["secret_stdin"] and all(options[name] is None for name in _NAMED):
            raise OperatorError("Nothing to change was named.")
        return _saved(provider, _stored(provider), options)

    def remove(self, *, provider: str) -> Answer:
        client = _stored(provider)
        used = client.grants.count()
        if not clients.remove(client):
            raise OperatorError(
                f"Accounts sign in through {provider} ({used}). Delete them first, or switch it "
                "off: oauth-client set --enabled off."
            )
        return {"provider": provider, "removed": True}


def _add_fields(parser: ArgumentParser, *, required: bool) -> None:
    parser.add_argument("provider", choices=OAUTH_PROVIDERS)
    parser.add_argument("--client-id", required=required, metavar="ID")
    parser.add_argument("--tenant", help="Of an organisation of one's own, at Microsoft.")
    # A secret never stands on a command line, where `ps` shows it.
    parser.add_argument(
        "--secret-stdin",
        action="store_true",
        help="Read the client secret from standard input (its first line).",
    )


def _stored(provider: str) -> OAuthClient:
    client = OAuthClient.objects.filter(provider=provider).first()
    if client is None:
        raise OperatorError(f"{provider} is not registered.")
    return client


def _saved(provider: str, stored: OAuthClient | None, options: dict[str, Any]) -> Answer:
    """Store with the rules of the page: where a stored secret goes does not change unasked."""
    values = dict(ClientForm.of(stored).initial)
    values |= {name: options[name] for name in _NAMED if options.get(name) is not None}
    if options["secret_stdin"]:
        values["secret"] = read_password("client secret")
    form = ClientForm(values, client=stored)
    if not form.is_valid():
        raise OperatorError(_problem(form))
    row = clients.register(provider=provider, values=form.registration(), now=timezone.now())
    return _described(row)


def _problem(form: ClientForm) -> str:
    """The first error; that a secret is not sent back to a page does not concern a command."""
    found = {name: errors[0] for name, errors in form.errors.items()}
    wrong = {name: said for name, said in found.items() if name != "secret"} or found
    return " ".join(f"{name}: {said}" for name, said in wrong.items())


def _described(row: OAuthClient) -> dict[str, Any]:
    return {
        "provider": row.provider,
        "client_id": row.client_id,
        "tenant": row.tenant,
        "has_secret": bool(row.key_id),
        "enabled": row.enabled,
        "accounts": row.grants.count(),
        "tested_at": row.tested_at,
        "test_cause": row.test_cause or None,
    }
