"""SMTP accounts: tried before they are stored, changed, chosen as Default From, removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts.models import Domain, User
from connectivity import pairing
from connectivity.causes import Explained, explain, explain_cause
from connectivity.models import Credential, CredentialKind, Feature
from connectivity.services import credentials, failures, features, logins, trials
from connectivity.services.probing import probe
from mailstore.models import Source
from protocols.check import CheckReport
from protocols.errors import MailServerError
from protocols.types import Endpoint, Login, Security
from smtp_accounts import addresses, refusals
from smtp_accounts.models import Encryption, Identity, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import identities, leaning, telling
from smtp_accounts.services.leaning import Dependents, ReplacementNeededError

OFFERED = ("size", "8bitmime", "smtputf8", "dsn", "pipelining")
"""What of a server's offer is kept (`protocols.smtp.Offer.facts`)."""

MENDED = {**asdict(refusals.Standing()), "cause_text": "", "server_line": ""}
"""What a row says where nothing is wrong (any more)."""

_SECURITY = {
    Encryption.NONE: Security.NONE,
    Encryption.SSL: Security.TLS,
    Encryption.TLS: Security.STARTTLS,
}


@dataclass(frozen=True, slots=True)
class AccountValues:
    """What the dialog asks for (A28), in its order. An empty password means: keep the saved one.

    ``credential`` takes the place of a password: what a sign-in at the provider brought, or the
    secret of the account that mail is retrieved from.
    """

    display_name: str
    host: str
    port: int
    encryption: str
    email: str
    use_authentication: bool
    username: str
    password: str = field(default="", repr=False)
    credential: Credential | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test or a save ended: `problem` is None exactly if all went well.

    `report` is None if no server was asked, because the answer was known before; `returned` is
    how many waiting messages are drafts again, as they were written from another address.
    """

    report: CheckReport | None
    problem: Explained | None
    account: SmtpAccount | None = None
    returned: int = 0

    @property
    def ok(self) -> bool:
        return self.problem is None


def endpoint(account: SmtpAccount | AccountValues) -> Endpoint:
    """Where an account sends through. SSL is TLS from the start, TLS is STARTTLS (A21)."""
    return Endpoint(account.host, account.port, _SECURITY[Encryption(account.encryption)])


def login(account: SmtpAccount, *, now: datetime) -> Login | None:
    """How to sign in; None without authentication (A39).

    Raises `credentials.CredentialError` when the stored password does not open, and a
    `MailServerError` when the provider gives no access token.
    """
    if not account.use_authentication:
        return None
    if account.credential is None:
        raise credentials.CredentialError(f"account {account.pk} has no stored password")
    return logins.login(account.credential, username=account.username, host=account.host, now=now)


def needs_password(values: AccountValues, account: SmtpAccount | None) -> bool:
    """Whether the password has to be typed: there is none yet, or it would go somewhere else.

    A saved password is only ever sent to the server, in the way and under the name it was saved
    for; otherwise editing the host would hand it to anybody.
    """
    if not values.use_authentication or values.password or values.credential is not None:
        return False
    if account is None or account.credential_id is None or not account.use_authentication:
        return True
    return (values.host, values.port, values.encryption, values.username) != (
        account.host,
        account.port,
        account.encryption,
        account.username,
    )


def check(
    *, user: User, values: AccountValues, now: datetime, account: SmtpAccount | None = None
) -> Outcome:
    """Try these values for real, within 15 seconds, storing nothing (A29)."""
    problem = refusal(user, values, account) or _too_many(user, values, now)
    if problem is not None:
        return Outcome(None, problem)
    try:
        who = _login(values, account, now)
    except credentials.CredentialError as error:
        return Outcome(None, explain_cause(error.cause))
    except MailServerError as error:
        return Outcome(None, explain(error, host=values.host, port=values.port, protocol="smtp"))
    report = probe("smtp", endpoint(values), who, sender=values.email, user=user)
    if report.error is None:
        return Outcome(report, None)
    host, port, name = values.host, values.port, values.username
    failures.note("smtp", report.error, host=host, username=name, now=now)
    stored = values.credential or (account.credential if account is not None else None)
    if report.error.cause == "token-expired" and stored is not None:
        logins.refused(stored, now=now)
    told = explain(
        report.error, host=host, port=port, username=name, email=values.email, protocol="smtp"
    )
    return Outcome(report, told)


def refusal(
    user: User, values: AccountValues, account: SmtpAccount | None = None
) -> Explained | None:
    """Why no server is asked at all, however few tests there were."""
    if not features.enabled_for(user, Feature.SMTP_ACCOUNTS):
        return explain_cause("feature-off")
    if is_clear_text_forbidden(user, values.encryption):
        return explain_cause("clear-text-off", {"host": values.host}, protocol="smtp")
    if _is_anothers(values.email, user):
        return explain_cause("not-your-address", {"email": values.email})
    if needs_password(values, account):
        return explain_cause("password-needed")
    return None


def is_clear_text_forbidden(user: User, encryption: str) -> bool:
    """Whether a server would be spoken to without the encryption the domain asks for."""
    clear = encryption == Encryption.NONE
    return clear and not features.enabled_for(user, Feature.CLEAR_TEXT)


def _too_many(user: User, values: AccountValues, now: datetime) -> Explained | None:
    try:
        trials.take(user, now=now, target=values.host)
    except trials.TooManyTrialsError as full:
        return explain_cause(full.cause, {"host": values.host})
    return None


def _is_anothers(email: str, user: User) -> bool:
    """Whether this is an address of our own domains, and not the user's.

    Mail between people here passes no other server that would ask whose address it is. A domain
    can be spelt in many ways; what counts is the one its identity would have.
    """
    meant = addresses.key(addresses.normal(email) or email)
    if meant == addresses.key(user.email):
        return False
    return Domain.objects.filter(name=meant.rpartition("@")[2]).exists()


@sensitive_variables()
def _login(values: AccountValues, account: SmtpAccount | None, now: datetime) -> Login | None:
    """How to sign in for a test: with what was typed, else with the stored secret."""
    if not values.use_authentication:
        return None
    stored = values.credential or (account.credential if account is not None else None)
    if values.password or stored is None:
        return Login(values.username, values.password)
    return logins.login(stored, username=values.username, host=values.host, now=now)


def save(
    *,
    user: User,
    values: AccountValues,
    now: datetime,
    account: SmtpAccount | None = None,
    test: bool = True,
) -> Outcome:
    """Test, and store only what works (A32, A33). `test=False` is for the operator's command.

    Mail that waited for this account is due at once afterwards; the caller may nudge the worker.
    Where the account has another address now, it goes back to its drafts.
    """
    outcome = Outcome(None, None)
    if test:
        outcome = check(user=user, values=values, now=now, account=account)
    if not outcome.ok:
        return outcome
    with transaction.atomic():
        if account is not None:
            # Another tab may have made another account of it, or given it another secret.
            rows = SmtpAccount.objects.select_for_update(of=("self",))
            account = rows.filter(pk=account.pk).first()
            # Deleted there, it stays deleted.
            if account is None or needs_password(values, account):
                return replace(outcome, problem=explain_cause("password-needed"))
        same = account is not None and _is_same(account, values)
        old = account.credential if account is not None else None
        former = account.email if account is not None else values.email
        saved = store(user, values, account, now if test else None)
        _learn(saved, outcome.report)
        returned = 0
        if not addresses.same(former, saved.email):
            returned = leaning.take_back([identities.primary_of(saved)])
        if account is not None:
            wake([saved], now)
        given = values.password or values.credential is not None
        if same and given and old is not None and saved.credential is not None:
            pairing.mended(credential=saved.credential, replaces=old, now=now)
        if old is not None and old != saved.credential:
            credentials.release(old)
    return replace(outcome, account=saved, returned=returned)


def _learn(account: SmtpAccount, report: CheckReport | None) -> None:
    """Keep what its server offered in the test; without one, nothing is known of it any more."""
    found = report.facts if report is not None else {}
    account.facts = {name: found[name] for name in OFFERED if name in found}
    account.save(update_fields=["facts"])


def _is_same(account: SmtpAccount, values: AccountValues) -> bool:
    """Whether this is still the account that was stored: its secret may serve others, too."""
    return (account.host.lower(), account.username) == (values.host.lower(), values.username)


@sensitive_variables("values")
def store(
    user: User, values: AccountValues, account: SmtpAccount | None, ok_at: datetime | None
) -> SmtpAccount:
    """Write the account; ``ok_at`` is when it was seen to work. Inside the caller's transaction.

    A secret it had before and has no more is the caller's to remove.
    """
    row = account or SmtpAccount(user=user)
    old = row.credential if account is not None and _is_same(account, values) else None
    for name in ("display_name", "host", "port", "encryption", "email", "use_authentication"):
        setattr(row, name, getattr(values, name))
    row.username = values.username if values.use_authentication else ""
    if not values.use_authentication:
        row.credential = None
    elif values.credential is not None:
        row.credential = values.credential
    elif values.password:
        into = old if old is not None and old.kind == CredentialKind.PASSWORD else None
        row.credential = credentials.store(user=user, secret=values.password, credential=into)
    row.source = Source.objects.filter(user=user, address__iexact=row.email).first() or row.source
    for name, value in MENDED.items():
        setattr(row, name, value)
    row.last_ok_at = ok_at or row.last_ok_at
    row.save()
    identities.follow(row)
    return row


def wake(mended: Iterable[SmtpAccount], now: datetime) -> None:
    """Make everything due that waited for these accounts to be mended."""
    mended = list(mended)
    waiting = OutboxMessage.objects.filter(account__in=mended, state=OutboxState.RETRY)
    waiting.update(not_before=now, due_since=now, cause="", cause_text="", server_line="")
    # Last, as a worker that records an attempt does.
    for account in mended:
        telling.works(account, now=now)


def accounts_of(user: User) -> list[SmtpAccount]:
    """The user's accounts in the order they were made."""
    return list(SmtpAccount.objects.filter(user=user).select_related("source"))


def dependents(account: SmtpAccount) -> Dependents:
    """What would be left without a sender if this account went."""
    return leaning.dependents(list(account.identities.all()))


def delete(*, account: SmtpAccount, replacement: Identity | None = None) -> None:
    """Remove an account with its password and identities; `replacement` takes their place.

    Raises `ReplacementNeededError` while drafts, waiting mail or Default From lean on the account
    and none is given: a sender is never swapped without the user's word.
    """
    if replacement is None and dependents(account).any:
        raise ReplacementNeededError
    user = account.user
    with transaction.atomic():
        mine = list(account.identities.all())
        leaning.hand_over(user, mine, replacement or identities.local_of(user))
        credential = account.credential
        SmtpAccount.objects.filter(pk=account.pk).delete()
        # After the account, as a worker that sends through it writes both down.
        telling.forget(account)
        if credential is not None:
            credentials.release(credential)


def limit(account: SmtpAccount, daily_limit: int | None) -> None:
    """Set how many recipients it may have in 24 hours; None: what its provider allows."""
    SmtpAccount.objects.filter(pk=account.pk).update(daily_limit=daily_limit)


def record_ok(account: SmtpAccount, now: datetime) -> None:
    """The server took a message: whatever was wrong before is over."""
    SmtpAccount.objects.filter(pk=account.pk).update(last_ok_at=now, **MENDED)
    telling.works(account, now=now)


def record_failure(
    account: SmtpAccount, *, cause: str, server_line: str = "", now: datetime
) -> None:
    """Remember why sending failed, and when its account is tried again where it was refused.

    Nothing is said of an account that is gone, or was mended while the attempt was under way; of
    attempts made together one counts.
    """
    was = account.standing
    same = SmtpAccount.objects.filter(
        pk=account.pk,
        host=account.host,
        username=account.username,
        refused_count=was.refused_count,
        next_at=was.next_at,
    )
    if account.credential is not None:
        same = same.filter(
            credential=account.credential, credential__changed_at=account.credential.changed_at
        )
    standing = refusals.after_failure(was, cause=cause, now=now)
    if standing.cause != cause:
        server_line = account.server_line  # it stays paused for what was said then
    if same.update(last_failed_at=now, server_line=server_line, **asdict(standing)):
        telling.failed(account, standing, now=now)


def is_paused(account: SmtpAccount) -> bool:
    """Whether it waits for its owner to do something."""
    return account.is_paused
