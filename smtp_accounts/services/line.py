"""The connection of one worker to the server of one account, kept while messages follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from django.views.decorators.debug import sensitive_variables

from connectivity.services import network
from protocols.closing import Closing
from protocols.errors import MailServerError
from protocols.smtp import Envelope, SendReport, Session
from smtp_accounts.models import OutboxMessage, SmtpAccount
from smtp_accounts.services import limits, queue, routes
from smtp_accounts.services.routes import NoRouteError

OPENING = 120.0
Clock = Callable[[], datetime]
# What the connection was opened for: another server, name or secret needs another connection.
_Key = tuple[object, ...]


class Line(Closing):
    """Opened by the first message that needs it, closed at the end of the block.

    Only messages of one account may use it, and of one person where that matters: which account,
    server and secret it was opened for is compared each time.
    """

    def __init__(self, clock: Clock) -> None:
        """`clock` gives the time whenever it is asked."""
        self._clock = clock
        self._session: Session | None = None
        self._key: _Key = ()

    @property
    def is_open(self) -> bool:
        """Whether another message could follow at once."""
        return self._session is not None and self._session.is_open

    def hand_over(
        self,
        message: OutboxMessage,
        to: Sequence[str],
        raw: bytes,
        before_dot: Callable[[], None],
    ) -> SendReport:
        """Send a message to these recipients.

        A server that has closed a connection between two messages is asked for another one, once;
        nothing was handed over then. Raises `NoRouteError`, `CredentialError`, a
        `MailServerError`, and whatever `before_dot` raises.
        """
        try:
            return self._send(message, _envelope(message, to), raw, before_dot)
        except MailServerError as error:
            # No server has to take what nobody can be told of (RFC 6409 section 6.2).
            if not message.is_automatic or error.temporary or error.params.get("reason") != "MAIL":
                raise
        envelope = replace(_envelope(message, to), sender=message.from_address)
        return self._send(message, envelope, raw, before_dot)

    def _send(
        self,
        message: OutboxMessage,
        envelope: Envelope,
        raw: bytes,
        before_dot: Callable[[], None],
    ) -> SendReport:
        marked = False

        def mark() -> None:
            nonlocal marked
            marked = True
            before_dot()

        used = self._fits(message)
        session = self._session if used and self._session else self._open(message)
        try:
            return session.send(envelope, raw, before_dot=mark, deadline=queue.SEND_LIMIT)
        except MailServerError:
            if not used or marked or session.is_open:
                raise
        fresh = self._open(message)
        return fresh.send(envelope, raw, before_dot=before_dot, deadline=queue.SEND_LIMIT)

    def _fits(self, message: OutboxMessage) -> bool:
        """Whether what is open can be used for this message."""
        if self._session is None or not self.is_open or self._key != _key(message):
            return False
        return self._session.sent < limits.of(message.account).per_connection

    @sensitive_variables("route")
    def _open(self, message: OutboxMessage) -> Session:
        self.close()
        route = routes.of(message, now=self._clock())
        if route is None:
            raise NoRouteError
        where = route.endpoint
        # What a person pinned is no matter of the installation's own relay.
        person = None if message.is_local_from else message.user
        session = Session.open(
            where,
            route.login,
            policy=route.policy,
            trust=network.trust(person, where.host, where.port),
            deadline=min(OPENING, queue.SEND_LIMIT),
        )
        self._session, self._key = session, _key(message)
        if message.account is not None:
            _learn(message.account, session.offer.facts)
        return session

    def close(self) -> None:
        """Say goodbye, if anybody is there."""
        if self._session is not None:
            self._session.close()
        self._session, self._key = None, ()


def _envelope(message: OutboxMessage, to: Sequence[str]) -> Envelope:
    """What nobody wrote has no return path, so that nothing answers it (RFC 3834 section 3.3)."""
    return Envelope(
        "" if message.is_automatic else message.from_address,
        to,
        reports=message.wants_dsn,
        id=message.message_id.strip("<>"),
    )


def _key(message: OutboxMessage) -> _Key:
    account = message.account
    if message.is_local_from or account is None:
        return ("relay",)
    secret = account.credential
    return (
        account.pk,
        account.host,
        account.port,
        account.encryption,
        account.username if account.use_authentication else None,
        (secret.pk, secret.changed_at) if secret is not None else None,
    )


def _learn(account: SmtpAccount, facts: dict[str, int]) -> None:
    """Keep what the server offers; read where a message is checked before it is sent."""
    if account.facts != facts:
        account.facts = facts
        SmtpAccount.objects.filter(pk=account.pk).update(facts=facts)
