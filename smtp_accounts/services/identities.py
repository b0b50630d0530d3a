"""Who the user may write as: the own address and every SMTP account (A35)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import User
from connectivity.causes import explain_cause
from connectivity.models import Feature
from connectivity.services import features
from mailstore.models import Message
from smtp_accounts import addresses, rules
from smtp_accounts.addresses import Mailbox
from smtp_accounts.build import message_ids
from smtp_accounts.models import OutboxMessage, SmtpAccount
from smtp_accounts.services import accounts

LOCAL_TINT = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """One entry of Send From. `key` is "local" or the account's id.

    A disabled identity is listed with its reason; it never gives way to another by itself.
    """

    key: str
    address: str
    display_name: str
    account: SmtpAccount | None
    is_default: bool
    description: str
    disabled_reason: str = ""

    @property
    def label(self) -> str:
        return str(Mailbox(self.display_name, self.address))

    @property
    def mailbox(self) -> Mailbox:
        return Mailbox(self.display_name, self.address)

    @property
    def color(self) -> int:
        """Its account colour, 1-6."""
        source = self.account.source if self.account else None
        return source.color if source else (6 if self.account else LOCAL_TINT)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The identity a message starts with, and the sentence that says why."""

    identity: Identity
    reason: str


def identities(user: User, *, also: SmtpAccount | None = None) -> list[Identity]:
    """Everything the user may write as, the own address first, accounts in the order made.

    `also` is an account a draft is from: where accounts are switched off it is listed all the
    same, disabled, so that no other address takes its place unseen.
    """
    enabled = features.enabled_for(user, Feature.SMTP_ACCOUNTS)
    rows = accounts.accounts_of(user) if enabled else [also] if also is not None else []
    default = next((row.pk for row in rows if row.is_default_from), None)
    local = Identity(
        key=rules.LOCAL,
        address=user.email,
        display_name=user.display_name,
        account=None,
        is_default=default is None,
        description=_("this server"),
    )
    return [local, *(_of_account(row, user, enabled=enabled) for row in rows)]


def by_key(user: User, key: str) -> Identity | None:
    """The identity with this key, if the user has it."""
    return next((one for one in identities(user) if one.key == key), None)


def for_new(user: User, *, own_choice: str | None = None) -> Chosen:
    """The identity new mail starts with."""
    return _choose(identities(user), own_choice=own_choice)


def for_reply(
    user: User, message: Message, original: rules.Original, *, forward: bool = False
) -> Chosen:
    """The identity an answer to `message` starts with; `original` is what its headers say."""
    chain = [message.message_id, *message_ids(message.references), message.in_reply_to]
    used = (
        OutboxMessage.objects.filter(user=user, message_id__in=[one for one in chain if one])
        .order_by("-id")
        .values_list("from_address", flat=True)[:10]
    )
    return _choose(
        identities(user), original=original, used_before=list(used), conversation=not forward
    )


def own_addresses(user: User) -> list[str]:
    """Every address that is the user's own: dropped from a reply to all."""
    return [identity.address for identity in identities(user)]


def _choose(
    candidates: list[Identity],
    *,
    original: rules.Original | None = None,
    own_choice: str | None = None,
    used_before: list[str] | None = None,
    conversation: bool = True,
) -> Chosen:
    choice = rules.choose(
        [
            rules.Candidate(
                key=one.key,
                address=one.address,
                source_id=one.account.source_id if one.account else None,
                is_default=one.is_default,
            )
            for one in candidates
        ],
        original=original,
        own_choice=own_choice,
        used_before=used_before or [],
        conversation=conversation,
    )
    identity = next(one for one in candidates if one.key == choice.key)
    return Chosen(identity, _sentence(choice.reason, identity))


def _sentence(reason: rules.Reason, identity: Identity) -> str:
    sentences = {
        rules.Reason.OWN_CHOICE: "",
        rules.Reason.SENT_WITH: _("because you sent it from there"),
        rules.Reason.CONVERSATION: _("because you wrote from there in this conversation"),
        rules.Reason.SENT_THERE: _("because it was sent there"),
        rules.Reason.FETCHED_FROM: _("because it was fetched from there"),
        rules.Reason.DEFAULT: _("Default From"),
    }
    return sentences[reason]


def _of_account(account: SmtpAccount, user: User, *, enabled: bool) -> Identity:
    return Identity(
        key=str(account.pk),
        address=addresses.normal(account.email) or account.email,
        display_name=account.display_name or user.display_name,
        account=account,
        is_default=account.is_default_from,
        description=_("sends through %(host)s") % {"host": account.host},
        disabled_reason=_disabled(account, enabled=enabled),
    )


def _disabled(account: SmtpAccount, *, enabled: bool) -> str:
    if not enabled:
        return _("Cannot send: SMTP accounts are switched off for your domain")
    if not accounts.is_paused(account):
        return ""
    explained = explain_cause(account.cause, {"host": account.host, "username": account.username})
    return _("Cannot send: %(title)s") % {"title": explained.title}
