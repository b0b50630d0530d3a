"""What was typed into an account's dialog, kept while an address of the account is added."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from connectivity.services import drafts
from smtp_accounts.forms import AccountForm
from smtp_accounts.models import SmtpAccount
from smtp_accounts.proposals import BOXES

_KEY = "smtp-account-typed"


def keep(request: HttpRequest, account: SmtpAccount, form: AccountForm) -> None:
    """Keep what was posted in the fields that can be changed, and never a password."""
    free = {name for name, field in form.fields.items() if not field.disabled} - {"password"}
    values: dict[str, Any] = drafts.typed(request.POST, free - set(BOXES))
    values |= {name: name in request.POST for name in free & set(BOXES)}
    request.session[_KEY] = {"account": account.pk, "values": values}


def take(request: HttpRequest, account: SmtpAccount) -> dict[str, Any]:
    """What was kept for this account; it is told once."""
    kept = request.session.pop(_KEY, None)
    return dict(kept["values"]) if kept and kept["account"] == account.pk else {}
