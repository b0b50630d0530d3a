"""Who the user may write as: the own address, and every address of every SMTP account (A35)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from connectivity.causes import explain_cause
from connectivity.models import Feature
from connectivity.services import features
from lib.prepared import Prepared
from mailstore.models import Message
from smtp_accounts import addresses, former, rules
from smtp_accounts.addresses import Mailbox
from smtp_accounts.build import message_ids
from smtp_accounts.models import ArrivedFor, Identity, OutboxMessage, SmtpAccount
from smtp_accounts.services import correspondents
from smtp_accounts.services.arrivals import candidates, narrowed

LOCAL_TINT = 1
ACCOUNT_TINT = 6


@dataclass(frozen=True, slots=True)
class SendFrom:
    """One entry of Send From. ``key`` is the identity's id as text.

    ``description`` says which server it sends through, after the owner's own words about it.
    A disabled entry is listed with its reason; it never gives way to another by itself.
    ``account`` is None for this installation's own address. ``color`` is 1-6.
    """

    key: str
    identity: Identity
    account: SmtpAccount | None
    address: str
    display_name: str
    description: str
    color: int
    is_default: bool
    disabled_reason: str
    reply_to: str

    @property
    def label(self) -> str:
        return str(self.mailbox)

    @property
    def mailbox(self) -> Mailbox:
        return Mailbox(self.display_name, self.address)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a message starts with. ``reason`` is stored, ``sentence`` says it beside From.

    ``address``: the exact address to write from where it is not the identity's own, else empty.
    ``known`` is all of Send From.
    """

    send_from: SendFrom
    reason: str
    sentence: str
    known: Sequence[SendFrom]
    address: str = ""


def send_from(user: User, also: Identity | None = None) -> list[SendFrom]:
    """Everything the user may write as, the own address first, accounts in the order made.

    ``also`` is the identity a draft is from: where accounts are switched off it is listed all
    the same, disabled, so that no other address takes its place unseen.
    """
    rows = _rows(user)
    if not any(row.account_id is None for row in rows):
        rows = [local_of(user), *rows]
    enabled = features.enabled_for(user, Feature.SMTP_ACCOUNTS)
    if not enabled:
        kept = also.pk if also is not None else None
        rows = [row for row in rows if row.account_id is None or row.pk == kept]
    default = next((row for row in rows if row.is_default), rows[0])
    return [_entry(row, user, enabled=enabled, is_default=row is default) for row in rows]


def by_key(user: User, key: str) -> SendFrom | None:
    """The entry with this key, if the user has it."""
    return next((one for one in send_from(user) if one.key == key), None)


def for_new(user: User, *, source_id: int | None = None) -> Chosen:
    """What new mail starts with: what belongs to the account in view, else the Default From.

    ``source_id`` is that of the folder or account in view.
    """
    entries = send_from(user)
    return _chosen(entries, rules.choose(_candidates(entries), folder_source_id=source_id))


def usual_for(user: User, to: Sequence[str]) -> SendFrom | None:
    """What these people were last written to from, where that is one for all who are known.

    It is only suggested, and so never one that cannot send.
    """
    used = set(correspondents.identities_used(user, to).values())
    able = (one for one in send_from(user) if not one.disabled_reason)
    return next((one for one in able if used == {one.identity.pk}), None)


def for_reply(
    user: User, message: Message, original: rules.Original, *, forward: bool = False
) -> Chosen:
    """What an answer to ``message`` starts with; ``original`` is what its headers say.

    What was decided when it arrived holds until the user's identities change.
    """
    entries = send_from(user)
    choice = rules.choose(
        _candidates(entries),
        original=original,
        used_before=_written_before(user, message),
        stored=_stored(user, message),
        conversation=not forward,
    )
    return _chosen(entries, choice)


def _written_before(user: User, message: Message) -> list[str]:
    """The addresses written from by hand earlier in a conversation, newest first."""
    chain = [message.message_id, *message_ids(message.references), message.in_reply_to]
    sent = OutboxMessage.objects.filter(user=user, is_by_hand=True)
    sent = sent.filter(message_id__in=[one for one in chain if one]).order_by("-id")
    return list(sent.values_list("from_address", flat=True)[:10])


def _stored(user: User, message: Message) -> rules.Choice | None:
    """What was decided when a message arrived, unless the identities changed since."""
    row = ArrivedFor.objects.filter(
        message=message, decided_at__gte=user.identities_changed_at
    ).first()
    if row is None or row.reason not in set(rules.Reason):
        return None
    return rules.Choice(str(row.identity_id), rules.Reason(row.reason), row.address)


def own(user: User) -> rules.Own:
    """Every address that is the user's own, patterns and all: dropped from a reply to all."""
    known = candidates(user.pk)
    if not any(addresses.same(one.address, user.email) for one in known):
        known.append(rules.Candidate(key="", address=user.email, accepts="plus"))
    return rules.Own(known)


def own_addresses(user: User) -> list[str]:
    """Every address that is the user's own: dropped from a reply to all."""
    return list(dict.fromkeys([user.email, *(address for (address,) in _OWN.rows(user.pk))]))


def local_of(user: User) -> Identity:
    """The user's own address here, made where there is none yet."""
    own, _made = Identity.objects.get_or_create(
        user=user, account=None, address=user.email, defaults={"display_name": ""}
    )
    return own


def primary_of(account: SmtpAccount) -> Identity:
    """The identity an account was made with, whose address and name are the account's own."""
    first = Identity.objects.filter(account=account).order_by("pk").first()
    return first or follow(account)


def follow(account: SmtpAccount) -> Identity:
    """Let an account's own identity say what the account says. Inside the caller's transaction."""
    address = addresses.normal(account.email) or account.email
    rows = Identity.objects.filter(account=account).order_by("pk")
    own = rows.first()
    if own is None:
        # The rules see all of a person's identities in the table, so the local one has to be there.
        local_of(account.user)
        touch(account.user, timezone.now())
        return Identity.objects.create(
            user_id=account.user_id,
            account=account,
            address=address,
            display_name=account.display_name,
        )
    if own.address != address:
        # Another of its identities may have the address already: then the two change places.
        held = rows.filter(address=address).first()
        if held is not None:
            rows.filter(pk=held.pk).update(address="")
        former, own.address = own.address, address
        own.save(update_fields=["address"])
        if held is not None:
            rows.filter(pk=held.pk).update(address=former)
        touch(account.user, timezone.now())
    own.display_name = account.display_name
    own.save(update_fields=["display_name"])
    return own


def set_default(user: User, identity: Identity) -> None:
    """Make an identity the Default From Address (A36). Raises ValueError for somebody else's."""
    if identity.user_id != user.pk:
        raise ValueError("this identity belongs to another user")
    with transaction.atomic():
        mine = Identity.objects.filter(user=user)
        mine.filter(is_default=True).exclude(pk=identity.pk).update(is_default=False)
        if mine.filter(pk=identity.pk, is_default=False).update(is_default=True):
            audit.note("settings-changed", subject=user, detail={"fields": ["default_from"]})
        touch(user, timezone.now())


def touch(user: User, now: datetime) -> None:
    """The user's identities are not what they were: what was decided by them is decided anew."""
    User.objects.filter(pk=user.pk).update(identities_changed_at=now)
    user.identities_changed_at = now


def _mine(user: int) -> QuerySet[Identity, Any]:
    return Identity.objects.filter(user=user).order_by(F("account_id").asc(nulls_first=True), "pk")


_OWN: Final = Prepared(lambda user: _mine(user).values_list("address"), int)
_ROWS: Final = Prepared(lambda user: _mine(user).select_related("account__source"), int)


def _rows(user: User) -> list[Identity]:
    return _ROWS.objects(Identity, user.pk)


def _candidates(entries: Sequence[SendFrom]) -> list[rules.Candidate]:
    return narrowed([_candidate(one) for one in entries])


def _candidate(one: SendFrom) -> rules.Candidate:
    return rules.Candidate(
        key=one.key,
        address=one.address,
        source_id=one.account.source_id if one.account else None,
        is_default=one.is_default,
        accepts=one.identity.accepts,
        purpose=one.identity.purpose,
    )


def accepts(one: SendFrom, address: str) -> bool:
    """Whether mail to an address is mail for this identity, so that it may be written from.

    What a pattern takes here may be the very address of somebody else here: then it is theirs.
    """
    [known] = narrowed([_candidate(one)])
    normal = addresses.normal(address)
    if not normal or not rules.Own([known]).holds(normal):
        return False
    theirs = User.objects.filter(email=normal.lower()).exclude(pk=one.identity.user_id)
    return not theirs.exists()


def _chosen(entries: Sequence[SendFrom], choice: rules.Choice) -> Chosen:
    entry = next(one for one in entries if one.key == choice.key)
    words = sentence(choice.reason)
    if choice.address:
        words = _("because it was sent to %(address)s") % {"address": choice.address}
    return Chosen(entry, choice.reason.value, words, entries, choice.address)


def sentence(reason: str) -> str:
    """The words beside From; empty for a reason that needs none or is not known any more."""
    sentences = {
        rules.Reason.OWN_CHOICE: "",
        rules.Reason.SENT_WITH: _("because you sent it from there"),
        rules.Reason.CONVERSATION: _("because you wrote from there in this conversation"),
        rules.Reason.SENT_THERE: _("because it was sent there"),
        rules.Reason.DELIVERED: _("because it was delivered there"),
        rules.Reason.PATTERN: _("because it was sent there"),
        rules.Reason.ON_LIST: _("because you wrote to this list from there"),
        rules.Reason.FETCHED_FROM: _("because it was fetched from there"),
        rules.Reason.FOLDER: _("because it belongs to this folder"),
        rules.Reason.DEFAULT: _("Default From"),
    }
    if reason in set(rules.Reason):
        return sentences.get(rules.Reason(reason), "")
    return former.sentence(reason)


def _entry(row: Identity, user: User, *, enabled: bool, is_default: bool) -> SendFrom:
    account = row.account
    return SendFrom(
        key=str(row.pk),
        identity=row,
        account=account,
        address=row.address,
        display_name=row.display_name
        or (account.display_name if account else "")
        or user.display_name,
        description=_description(row),
        color=_color(row),
        is_default=is_default,
        disabled_reason=_disabled(account, enabled=enabled) if account else "",
        reply_to=row.reply_to,
    )


def _color(row: Identity) -> int:
    if row.color:
        return row.color
    if row.account is None:
        return LOCAL_TINT
    return row.account.source.color if row.account.source else ACCOUNT_TINT


def _description(row: Identity) -> str:
    if row.account is None:
        way = _("this server")
    else:
        way = _("sends through %(host)s") % {"host": row.account.host}
    return ", ".join(filter(None, (row.description, way)))


def _disabled(account: SmtpAccount, *, enabled: bool) -> str:
    if not enabled:
        return _("Cannot send: SMTP accounts are switched off for your domain")
    if not account.is_paused:
        return ""
    explained = explain_cause(account.cause, {"host": account.host, "username": account.username})
    return _("Cannot send: %(title)s") % {"title": explained.title}
