"""A connection that waits for news of one mailbox (IDLE, RFC 2177)."""

import re
from typing import Self

from protocols import hints
from protocols.address import AddressPolicy
from protocols.errors import Dropped, MailServerError, Refused, Stage, redact
from protocols.imap import connection, scan
from protocols.imap.channel import SAID_CAP, Channel
from protocols.imap.values import MailboxStatus
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login
from protocols.wire import Wire

STEP = 30.0
# What a server may say between two renewals, and how much of a line may be on its way: the
# listener reads many servers in turn, and holds on to what each has begun to say.
LINES, LINE_CAP = 100_000, 65_536
_LINE = re.compile(rb"([^\n]*+\n)")
_COUNT = re.compile(rb"\* (\d{1,10}) (EXISTS|RECENT|EXPUNGE)\b", re.I)


class Idler:
    """One signed-in connection in IDLE.  Any `MailServerError` closes it.

    `open`, `start` and `renew` wait for the server, each within its deadline; `fileno`, `take` and
    `close` do not.  `renew` before the server loses patience (RFC 2177: 29 minutes).
    """

    def __init__(self, wire: Wire, channel: Channel, capabilities: frozenset[str]) -> None:
        """Use `open`."""
        self.capabilities = capabilities
        self._wire = wire
        self._channel = channel
        self._raw_name = b""
        self._known = MailboxStatus(0, 0, 0)
        self._recent = 0
        self._tag = b""
        self._idling = False
        self._lines = 0

    @classmethod
    def open(
        cls,
        endpoint: Endpoint,
        login: Login,
        *,
        policy: AddressPolicy,
        trust: Trust,
        deadline: float = 60.0,
    ) -> Self:
        """Connect, encrypt and sign in, all within `deadline` seconds.

        Raises `Refused` where the server does not offer IDLE, else any `MailServerError`.
        """
        wire, capabilities = connection.signed_in(
            endpoint, login, policy, trust, Deadline(deadline)
        )
        wire.release()
        channel = Channel(wire, capabilities)
        if "IDLE" not in capabilities:
            raise wire.fail(Refused(Stage.FOLDERS, server_line="IDLE not offered"))
        if "ID" in capabilities:
            channel.mention(connection.WHO)
        return cls(wire, channel, capabilities)

    def start(self, raw_name: bytes = b"INBOX") -> bool:
        """Open a mailbox read-only and begin to wait; whether there was news on the way."""
        self._raw_name = raw_name
        self._known = self._examine()
        return self._idle()

    def fileno(self) -> int:
        """What becomes readable when `take` may have something."""
        return self._wire.sock.fileno()

    def take(self) -> bool:
        """Read what has arrived, without waiting; whether it tells of new messages."""
        self._wire.gather()
        return self._heard()

    def renew(self) -> bool:
        """Leave IDLE, look for what it may have kept silent about, and begin again.

        Returns whether there are new messages: a server may forget to tell (Yandex does).
        """
        news = self.take()
        self._wire.limit(STEP, Stage.FOLDERS)
        self._wire.send(b"DONE\r\n")
        self._idling = False
        for parts in self._channel.collect(self._tag):
            first = parts[0]
            news = (isinstance(first, bytes) and self._note(first)) or news
        before, self._known = self._known, self._examine()
        news = news or (
            self._known.uidvalidity != before.uidvalidity
            or self._known.uidnext > before.uidnext
            or self._known.messages > before.messages
        )
        return self._idle() or news

    def close(self) -> None:
        """Hang up."""
        if self._wire.closed:
            return
        try:
            self._wire.limit(0.2, Stage.FOLDERS)
            if self._idling:
                self._wire.send(b"DONE\r\n")
            self._channel.send(b"LOGOUT")
        except MailServerError:
            pass
        self._wire.close()

    def _examine(self) -> MailboxStatus:
        self._wire.limit(STEP, Stage.FOLDERS)
        self._recent = self._lines = 0
        return scan.opened(self._channel, self._channel.send(b"EXAMINE", self._raw_name))

    def _idle(self) -> bool:
        self._wire.limit(STEP, Stage.FOLDERS)
        self._tag = self._channel.send(b"IDLE")
        news = False
        while not (line := self._wire.readline()).startswith(b"+"):
            news = self._note(line) or news
        self._idling = True
        # What came along with the leave to idle makes nothing readable any more.
        return self._heard() or news

    def _heard(self) -> bool:
        news = False
        while (found := self._wire.match(_LINE)) is not None:
            news = self._note(found[0]) or news
        if self._wire.held > LINE_CAP:
            raise self._wire.broken("line too long")
        return news

    def _note(self, line: bytes) -> bool:
        """Whether a line tells of new messages; raises where it ends the waiting."""
        self._lines += 1
        if self._lines > LINES:
            raise self._wire.broken("more than anybody asked for")
        count = _COUNT.match(line)
        if count is None:
            self._must_go_on(line)
            return False
        number, what = int(count[1]), count[2].upper()
        if what == b"RECENT":
            more, self._recent = number > self._recent, number
            return more
        there = self._known.messages
        if what == b"EXPUNGE":
            number = max(there - 1, 0)
        # Each message that was told of has taken a UID.
        uidnext = self._known.uidnext + max(number - there, 0)
        self._known = MailboxStatus(self._known.uidvalidity, uidnext, number)
        return number > there

    def _must_go_on(self, line: bytes) -> None:
        ended = line.startswith(self._tag + b" ")
        if not ended and line[:5].upper() != b"* BYE":
            return
        words = line[len(self._tag) if ended else 5 :]
        said = redact(words, self._wire.secret, cap=SAID_CAP)
        error = hints.error(said, Stage.FOLDERS)
        raise self._wire.fail(error or Dropped(Stage.FOLDERS, server_line=said))
