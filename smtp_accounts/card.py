"""The SMTP Accounts card of the Connectivity page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from connectivity.causes import Explained, explain_cause
from connectivity.draft_rows import draft_rows
from connectivity.models import AccountDraft, CredentialKind
from connectivity.oauth_providers import OAUTH_PROVIDERS
from connectivity.sections import Concern, Health
from lib.moments import moment
from smtp_accounts.alignment_words import Shown, shown
from smtp_accounts.models import Identity, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.retry import PAUSING
from smtp_accounts.services import accounts

NEEDS_YOU, FAILED, FINE = "needs-you", "failed", "fine"


@dataclass(frozen=True, slots=True)
class Row:
    """One account as its row shows it. `look` is fine, failed (tries go on) or needs-you.

    `can_mend` says that a new password or sign-in would mend it, also while tries go on.

    `default_from` is the one of its addresses that is the Default From Address, else empty.
    """

    account: SmtpAccount
    look: str
    can_mend: bool
    problem: Explained | None
    waiting: int
    next_try: str
    failed_at: str
    default_from: str
    addresses: int = 1
    signature: str = ""
    alignment: Shown | None = None

    @property
    def more(self) -> str:
        """What belongs to it, in one line."""
        parts = [_("Default From Address")] if self.default_from else []
        if self.addresses > 1:
            parts.append(
                ngettext("%(n)d address", "%(n)d addresses", self.addresses) % {"n": self.addresses}
            )
        if self.signature:
            parts.append(_("Signature: %(name)s") % {"name": self.signature})
        if not self.account.use_authentication:
            parts.append(_("Without authentication"))
        return ", ".join(parts)

    @property
    def word(self) -> str:
        """The state in words, beside its icon."""
        return {NEEDS_YOU: _("Needs you"), FAILED: _("Not sending"), FINE: _("Fine")}[self.look]

    @property
    def provider(self) -> str:
        """Who has to be signed in at to mend it; empty for an account with a password."""
        secret = self.account.credential
        if secret is None or secret.kind != CredentialKind.OAUTH:
            return ""
        grant = getattr(secret, "grant", None)
        known = OAUTH_PROVIDERS.get(grant.client.provider) if grant is not None else None
        return known.name if known is not None else self.account.host

    @property
    def color(self) -> int:
        """The account colour, 1-6; grey for one that belongs to no mailbox here."""
        return self.account.source.color if self.account.source else 6


def card(user: User) -> dict[str, Any]:
    """The context of ``smtp_accounts/_card.html``."""
    rows = rows_for(user)
    default = next((row.default_from for row in rows if row.default_from), user.email)
    concerns = tuple(
        Concern(row.account.email, reverse("smtp-account-edit", args=[row.account.pk]))
        for row in rows
        if row.look == NEEDS_YOU
    )
    looks = Counter(row.look for row in rows)
    return {
        "rows": rows,
        "drafts": draft_rows(user, AccountDraft.Kind.SMTP, now=timezone.now()),
        "health": Health(fine=looks[FINE], waiting=looks[FAILED], concerns=concerns),
        "summary": ngettext("%(n)d account", "%(n)d accounts", len(rows)) % {"n": len(rows)}
        if rows
        else _("None yet"),
        "default_from": default,
    }


def rows_for(user: User, *, only: int | None = None) -> list[Row]:
    """Every account with how it is doing, or the ``only`` one with this id; few queries."""
    queue = (
        OutboxMessage.objects.filter(
            user=user, state__in=(OutboxState.RETRY, OutboxState.QUEUED), account__isnull=False
        )
        .order_by()
        .values("account_id")
        .annotate(count=Count("pk"), next=Min("not_before"))
    )
    waiting = {entry["account_id"]: entry for entry in queue}
    belongings = _belongings(user)
    now = timezone.now()
    found: list[Row] = []
    mine = SmtpAccount.objects.filter(user=user).select_related(
        "source", "credential__grant__client"
    )
    for account in mine if only is None else mine.filter(pk=only):
        entry = waiting.get(account.pk)
        mine_too = belongings.get(account.pk, [])
        own = mine_too[0] if mine_too else None
        found.append(
            Row(
                account=account,
                look=_look(account),
                can_mend=account.cause in PAUSING,
                problem=problem_of(account),
                waiting=entry["count"] if entry else 0,
                next_try=moment(max(entry["next"], account.next_at or now), now=now)
                if entry
                else "",
                failed_at=moment(account.last_failed_at, now=now) if account.last_failed_at else "",
                default_from=next((one.address for one in mine_too if one.is_default), ""),
                addresses=len(mine_too),
                signature=own.signature.name if own and own.signature else "",
                alignment=_aligned(own, now) if own else None,
            )
        )
    return found


def _belongings(user: User) -> dict[int | None, list[Identity]]:
    """The identities of each account, its own one first."""
    rows = Identity.objects.filter(user=user).exclude(account=None)
    found: dict[int | None, list[Identity]] = {}
    for one in rows.select_related("account", "signature", "alignment").order_by("pk"):
        found.setdefault(one.account_id, []).append(one)
    return found


def _aligned(identity: Identity, now: datetime) -> Shown | None:
    """What the world thinks of its address; None until that was asked."""
    row = getattr(identity, "alignment", None)
    return shown(identity, now=now, row=row) if row is not None and row.checked_at else None


def _look(account: SmtpAccount) -> str:
    if not account.cause:
        return FINE
    return NEEDS_YOU if accounts.is_paused(account) else FAILED


def problem_of(account: SmtpAccount) -> Explained | None:
    """What is wrong with an account, as far as its last use told."""
    if not account.cause:
        return None
    params = {"host": account.host, "port": account.port, "username": account.username}
    return explain_cause(account.cause, params, server_line=account.server_line, protocol="smtp")
