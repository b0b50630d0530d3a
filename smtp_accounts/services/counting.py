"""How many SMTP accounts there are, for the administrators who may switch them off."""

from __future__ import annotations

from accounts.models import Domain
from connectivity.used import Used, used
from smtp_accounts.models import SmtpAccount


def accounts(domain: Domain | None) -> dict[int, Used]:
    """SMTP accounts, by domain; of one domain or of all."""
    return used(SmtpAccount.objects.all(), "user", domain)
