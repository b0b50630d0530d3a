"""How many SMTP accounts there are, for the administrators who may switch them off."""

from __future__ import annotations

from accounts.models import Domain
from smtp_accounts.models import SmtpAccount


def accounts(domain: Domain | None) -> int:
    """SMTP accounts of one domain, or of all."""
    rows = SmtpAccount.objects.all()
    return (rows.filter(user__domain=domain) if domain else rows).count()
