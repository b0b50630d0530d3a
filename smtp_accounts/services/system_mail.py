"""Sends the mail the system writes itself. The row is the queue (`accounts.models.SystemMessage`).

A message goes out at least once: where a worker dies or an answer is lost, the same message, with
the same Message-ID, is handed over again. Two of a link to get back in are better than none.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import MessageError
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop
from django.views.decorators.debug import sensitive_variables

from accounts.models import Role, SystemMessage
from connectivity import catalogue
from connectivity.services import network
from connectivity.services.credentials import CredentialError
from protocols.errors import MailServerError
from protocols.smtp import send
from protocols.tls import Trust
from smtp_accounts import retry, system_letter
from smtp_accounts.models import Identity, SmtpAccount
from smtp_accounts.retry import Outcome, Recipient
from smtp_accounts.services import accounts, outcome, routes
from smtp_accounts.services.outcome import Result
from smtp_accounts.services.routes import Route

log = logging.getLogger(__name__)

LIMIT = 120.0
"""Seconds a hand-over may take."""
LEASE = timedelta(minutes=10)
BATCH = 50
KEPT_FOR = timedelta(days=30)
NO_WAY = gettext_noop("Set RELAY_URL or SYSTEM_MAIL_ACCOUNT: nothing sends mail of the system.")
NO_ACCOUNT = gettext_noop(
    "No SMTP account of a system administrator sends from the address in SYSTEM_MAIL_ACCOUNT."
)
UNREADABLE = gettext_noop("The password of the account in SYSTEM_MAIL_ACCOUNT cannot be read.")
EXPIRED = gettext_noop("The link in it had ended before the message could be handed over.")
UNUSABLE = gettext_noop("An address of this message cannot be written to.")


@dataclass(frozen=True, slots=True)
class Trouble:
    """A message of the system that is late or was given up; never what it says.

    ``words`` is the last answer, or one of the sentences above. ``next_at`` None: given up.
    """

    user: str
    to: str
    since: datetime
    tries: int
    words: str
    next_at: datetime | None


def troubles(*, now: datetime, limit: int = 50) -> list[Trouble]:
    """What could not be sent in the last days, the newest first; for system administrators."""
    failing = Q(failed_at__isnull=False) | Q(sent_at=None, tries__gt=0)
    rows = SystemMessage.objects.filter(failing, made_at__gt=now - KEPT_FOR).select_related("user")
    return [
        Trouble(
            user=row.user.email if row.user else "",
            to=row.to,
            since=row.made_at,
            tries=row.tries,
            words=row.server_line,
            next_at=row.next_at,
        )
        for row in rows.order_by("-made_at", "-pk")[:limit]
    ]


def send_due(*, now: datetime) -> int:
    """Try every message that is due, oldest first; how many were handed over."""
    due = list(_due(now).order_by("next_at", "pk").values_list("pk", flat=True)[:BATCH])
    return sum(_send(pk, now) for pk in due)


def _due(now: datetime) -> QuerySet[SystemMessage]:
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    return SystemMessage.objects.filter(free, next_at__lte=now)


def _send(pk: int, now: datetime) -> bool:
    until = now + LEASE
    if not _due(now).filter(pk=pk).update(claimed_until=until):
        return False
    row = SystemMessage.objects.select_related("user", "domain").get(pk=pk)
    if row.expires_at is not None and row.expires_at <= now:
        return _expire(row, until, now)
    result = _attempt(row, now)
    row.tries += 1
    decision = retry.decide(
        [state for state, _words in result.states.values()],
        attempts=row.tries,
        age=now - row.made_at,
        cause=result.cause,
        wish=result.wish,
    )
    words = next((words for _state, words in result.states.values() if words), result.server_line)
    told: dict[str, Any] = {"tries": row.tries, "claimed_until": None, "server_line": words[:500]}
    if decision.outcome is Outcome.RETRY and decision.wait is not None:
        # At its end at the latest, when it is given up.
        again = now + decision.wait
        told["next_at"] = min(again, row.expires_at or again)
    else:
        is_sent = decision.outcome is Outcome.SENT
        # What it says may open an account: nobody needs it any more.
        told |= {"next_at": None, "body": "", "sent_at" if is_sent else "failed_at": now}
    if decision.outcome is not Outcome.SENT:
        log.warning("system message %s was not sent: %s", pk, result.cause or words)
    SystemMessage.objects.filter(pk=pk, claimed_until=until).update(**told)
    return decision.outcome is Outcome.SENT


def _expire(row: SystemMessage, until: datetime, now: datetime) -> bool:
    """Give up what would only lead to a page that says that it is too late."""
    log.warning("system message %s was given up: its link has ended", row.pk)
    told = {"next_at": None, "claimed_until": None, "body": "", "failed_at": now}
    rows = SystemMessage.objects.filter(pk=row.pk, claimed_until=until)
    rows.update(**told, server_line=row.server_line or EXPIRED)
    return False


@sensitive_variables("raw")
def _attempt(row: SystemMessage, now: datetime) -> Result:
    """Hand one message over; what the server, or we ourselves, said about it."""
    try:
        account = _account()
        route = _route(account, now)
    except CredentialError:
        return Result(cause=CredentialError.cause).all([row.to], Recipient.DEFERRED, UNREADABLE)
    except MailServerError as error:
        return _of_error(error, row.to)
    if route is None:
        words = NO_ACCOUNT if settings.SYSTEM_MAIL_ACCOUNT else NO_WAY
        return Result(cause="no-way").all([row.to], Recipient.DEFERRED, words)
    name, address = sender(row, account)
    try:
        raw = system_letter.build(row, name=name, address=address)
        to = system_letter.registered(row.to)
    except (UnicodeError, ValueError, MessageError):
        return Result(cause="no-address").all([row.to], Recipient.REFUSED, UNUSABLE)
    try:
        report = send(
            route.endpoint,
            route.login,
            policy=route.policy,
            trust=_trust(account, route),
            sender=_return_path(account),
            recipients=[to],
            message=raw,
            deadline=LIMIT,
        )
    except MailServerError as error:
        return _of_error(error, row.to)
    return outcome.of_report(report, [to])


def _of_error(error: MailServerError, to: str) -> Result:
    cause = catalogue.read("smtp", error)
    words = error.server_line or error.public % error.public_params
    result = Result(cause=cause, server_line=error.server_line)
    is_final = retry.is_final(temporary=error.temporary, stage=error.stage, cause=cause)
    return result.all([to], Recipient.REFUSED if is_final else Recipient.DEFERRED, words)


def sender(row: SystemMessage, account: SmtpAccount | None) -> tuple[str, str]:
    """Name and address it comes from (A208): the domain's, else the installation's.

    An account sends as itself where the domain names nobody: other servers would refuse more.
    """
    domain = row.domain
    name = (domain.sender_name or domain.title) if domain else ""
    named = domain.sender_address if domain else ""
    host = domain.name if domain else "localhost"
    of_account = settings.SYSTEM_MAIL_ACCOUNT if account else ""
    address = named or of_account or settings.SYSTEM_SENDER or f"no-reply@{host}"
    return name or host, system_letter.registered(address)


def _return_path(account: SmtpAccount | None) -> str:
    """Where bounces go (RFC 5321, section 4.5.5): to the operator's address or, where there is
    none, nowhere. Never to a domain's own sender: a bounce holds the link that came back.
    """
    address = settings.SYSTEM_MAIL_ACCOUNT if account else settings.SYSTEM_SENDER
    return system_letter.registered(address) if address else ""


def _account() -> SmtpAccount | None:
    """The account the operator chose. Only a system administrator's: anybody else could name that
    address as their own and read every link to get back in."""
    address = settings.SYSTEM_MAIL_ACCOUNT
    if not address:
        return None
    mine = Identity.objects.filter(
        address__iexact=address,
        account__isnull=False,
        account__user__role=Role.SYSTEM_ADMIN,
        account__user__is_active=True,
    )
    found = mine.select_related("account__user", "account__credential").order_by("pk").first()
    return found.account if found else None


def _route(account: SmtpAccount | None, now: datetime) -> Route | None:
    if account is not None:
        return Route(accounts.endpoint(account), accounts.login(account, now=now), network.policy())
    return None if settings.SYSTEM_MAIL_ACCOUNT else routes.relay()


def _trust(account: SmtpAccount | None, route: Route) -> Trust:
    where = route.endpoint
    return network.trust(account.user if account else None, where.host, where.port)


def tidy(*, now: datetime) -> int:
    """Remove what was over some time ago; how many."""
    over = SystemMessage.objects.filter(made_at__lt=now - KEPT_FOR, next_at=None)
    return over.delete()[0]
