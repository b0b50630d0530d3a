"""A private SMTP server on loopback, on aiosmtpd: it takes mail, keeps it, and can pass it on."""

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from standin import ports
from standin.certs import Pair
from standin.running import Running
from standin.smtp_tokens import MECHANISMS, Owner, TokenHandler

# It warns about its own deprecated parts at every sign-in.
logging.getLogger("mail.log").setLevel(logging.ERROR)

Deliver = Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message the server took; `user` signed in, or is None."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    encrypted: bool
    user: str | None


class SmtpServer(Running):
    """Three ports: `port` (clear, STARTTLS offered), `starttls_port` (required), `tls_port`.

    `refuse` maps a sender or recipient to the reply it gets, such as "550 5.1.1 no such user";
    `final` replaces the answer to a message; in the domains of `own` there is nobody but the
    users; no message may have more recipients than `most`.  All may be changed while the server
    runs.
    """

    def __init__(
        self,
        users: Mapping[str, str],
        *,
        tls: Pair,
        preferred: tuple[int, int, int] = (0, 0, 0),
        auth_required: bool = True,
        deliver: Deliver | None = None,
        owner: Owner | None = None,
    ) -> None:
        """`deliver` is called for each accepted recipient, in the server's own thread.

        With `owner`, which tells whose an access token is, tokens are taken as well.
        """
        self.users = dict(users)
        self.refuse: dict[str, str] = {}
        self.own: frozenset[str] = frozenset()
        self.final: str | None = None
        self.most = 1000
        self.accepted: list[Accepted] = []
        self.logins: list[str] = []
        self.port, self.starttls_port, self.tls_port = ports.pick(preferred)
        self.auth_required = auth_required
        self._deliver = deliver
        self.owner = owner
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(tls.cert, tls.key)
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)

    def start(self) -> Self:
        """Begin to listen; returns when all ports answer."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(60)
        return self

    def stop(self) -> None:
        """Close every connection and port."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(60)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(60)
            self._loop.close()

    async def _listen(self) -> None:
        self._servers = [
            await self._loop.create_server(self._factory(self._context), ports.HOST, self.port),
            await self._loop.create_server(
                self._factory(self._context, required=True), ports.HOST, self.starttls_port
            ),
            await self._loop.create_server(
                self._factory(None), ports.HOST, self.tls_port, ssl=self._context
            ),
        ]

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        current = asyncio.current_task()
        for task in asyncio.all_tasks():
            if task is not current:
                task.cancel()
        await asyncio.sleep(0)

    def _factory(
        self, starttls: ssl.SSLContext | None, *, required: bool = False
    ) -> Callable[[], SMTP]:
        def make() -> SMTP:
            return SMTP(
                _Handler(self),
                hostname="mail.standin.test",
                ident="stand-in",
                enable_SMTPUTF8=True,
                data_size_limit=50_000_000,
                authenticator=self._authenticate,
                timeout=60,
                loop=self._loop,
                tls_context=starttls,
                require_starttls=required,
                auth_require_tls=required,
                auth_exclude_mechanism=() if self.owner else MECHANISMS,
            )

        return make

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        name = data.login.decode("utf-8", "replace")
        self.logins.append(name)
        right = self.users.get(name) == data.password.decode("utf-8", "replace")
        return AuthResult(success=right, handled=False, auth_data=name if right else None)

    def take(self, smtp: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep one message and pass it on; the reply."""
        if self.final is not None:
            return self.final
        raw = envelope.original_content or b""
        recipients = tuple(str(each) for each in envelope.rcpt_tos)
        user = session.auth_data if isinstance(session.auth_data, str) else None
        transport = smtp.transport
        encrypted = transport is not None and transport.get_extra_info("ssl_object") is not None
        self.accepted.append(
            Accepted(str(envelope.mail_from or ""), recipients, raw, encrypted, user)
        )
        for recipient in recipients if self._deliver else ():
            if self._deliver is not None:
                self._deliver(recipient, raw)
        return "250 2.0.0 taken"


class _Handler(TokenHandler):
    """What aiosmtpd asks at each command."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self.owner = server.owner

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """MAIL FROM."""
        # Asked here, because aiosmtpd warns about every server that asks without encryption.
        if self._server.auth_required and session.auth_data is None:
            return "530 5.7.0 Authentication required"
        if address in self._server.refuse:
            return self._server.refuse[address]
        envelope.mail_from = address
        return "250 2.1.0 sender fine"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """RCPT TO."""
        if address in self._server.refuse:
            return self._server.refuse[address]
        if address.rpartition("@")[2].lower() in self._server.own and address not in (
            self._server.users
        ):
            return f"550 5.1.1 <{address}>: there is no such mailbox here"
        if len(envelope.rcpt_tos) >= self._server.most:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 recipient fine"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, smtp: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """The message."""
        return self._server.take(smtp, session, envelope)
