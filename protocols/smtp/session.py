"""A signed-in session that hands over one message after another, with a report for each.

What the server lets be sent in one go (RFC 2920) is: sender, recipients and DATA of a message take
one round trip, and one more for each hundred recipients.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from protocols.address import AddressPolicy
from protocols.closing import Closing
from protocols.errors import AnswerLost, MailServerError, Refused, Stage
from protocols.smtp.entry import STEP, Offer, enter, leave
from protocols.smtp.envelope import Commands, Envelope, commands, stuffed
from protocols.smtp.replies import Reply, ask, read, refused, send, sender_refused
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login
from protocols.wire import SLOWEST, Wire

# RFC 5321 4.5.3.2.6 grants a server ten minutes after the dot; no worker waits as long.
LAST_WORD = 300.0
# So many answers fit into the window of any server that reads as it writes (RFC 2920 section 3.1).
GROUP = 100
CLOSING_CODE, GO_AHEAD = 421, 354
Mark = Callable[[], None]


@dataclass(frozen=True, slots=True)
class SendReport:
    """What became of each recipient; `final` is the answer to the message, None if none was sent.

    A recipient was served when its reply is 2xx and the final one is too.
    """

    recipients: Mapping[str, Reply]
    final: Reply | None


class Session(Closing):
    """One connection to one server. Closed by any error; `is_open` says whether it is still good.

    `sent` counts the messages it has handed over.
    """

    def __init__(self, wire: Wire, offer: Offer) -> None:
        """Take what `enter` gives."""
        self._wire = wire
        self.offer = offer
        self.sent = 0
        self._clean = True
        wire.release()

    @classmethod
    def open(
        cls,
        endpoint: Endpoint,
        login: Login | None,
        *,
        policy: AddressPolicy,
        trust: Trust,
        deadline: float = 120.0,
    ) -> Self:
        """Connect, encrypt as asked, sign in; raises a `MailServerError` within `deadline` s."""
        total = Deadline(deadline, Stage.CONNECT)
        return cls(*enter(endpoint, login, policy=policy, trust=trust, total=total))

    @property
    def is_open(self) -> bool:
        """Whether another message may be tried; the server may have left all the same."""
        return not self._wire.closed

    def send(
        self,
        envelope: Envelope,
        message: bytes,
        *,
        before_dot: Mark | None = None,
        deadline: float = 600.0,
    ) -> SendReport:
        """Hand over one message.

        `before_dot` is called once, when at least one recipient and DATA were accepted and before
        the dot that hands the message over: what it commits is known before the server can have
        it. After it only a reply or `AnswerLost` follows; before it any other `MailServerError`
        means that nothing was sent. What `before_dot` raises ends the session without the dot.

        A refused sender raises; a refused recipient is in the report.
        """
        plan = commands(envelope, message, self.offer)
        replies: dict[str, Reply] = {}
        talk = _Talk(self._wire, Deadline(deadline, Stage.SEND))
        try:
            talk.begin(clean=self._clean)
            self._clean = False
            replies, final = talk.envelope(plan, pipelined="PIPELINING" in self.offer)
            if final is not None and final.code == GO_AHEAD:
                final = talk.data(message, before_dot)
        except AnswerLost as lost:
            self._wire.close()
            lost.refused = {
                name: (one.code, one.words) for name, one in replies.items() if not one.accepted
            }
            raise
        except MailServerError as error:
            # A refusal alone leaves the session usable, but for the one that announces its end.
            if error.cause != "refused" or error.params.get("code") == CLOSING_CODE:
                self._wire.close()
            raise
        except BaseException:
            self._wire.close()
            raise
        if final is not None and final.accepted:
            self.sent += 1
            self._clean = True
        if final is not None and final.code == CLOSING_CODE:
            self._wire.close()
        return SendReport(replies, final)

    def close(self) -> None:
        """Say goodbye and close; closing twice does nothing."""
        leave(self._wire)


class _Talk:
    """The conversation about one message."""

    def __init__(self, wire: Wire, total: Deadline) -> None:
        self.wire = wire
        self.total = total

    def step(self, seconds: float = STEP) -> None:
        """Give the next step its time; raises `Hung` when the message has none left."""
        self.wire.limit(min(seconds, self.total.remaining()), Stage.SEND)

    def begin(self, *, clean: bool) -> None:
        """Leave the message before behind; raises `Refused` where the server has had enough."""
        if early := self.in_step():
            # Said before this message was known, it is no judgement of it.
            words, code = early.words, early.code
            raise self.wire.fail(Refused(Stage.SEND, server_line=words, temporary=True, code=code))
        if not clean:
            self.expect(b"RSET")

    def in_step(self) -> Reply | None:
        """What the server says unasked: None, or a refusal, such as a goodbye.

        Any other answer lying here would be taken for that to what comes next.
        """
        self.step()
        self.wire.gather()
        early = read(self.wire) if self.wire.buffered else None
        if early is not None and early.code < 400:
            raise self.wire.broken(early.words)
        return early

    def expect(self, command: bytes) -> None:
        """A command that a healthy server answers with 250; raises `Refused` elsewise."""
        self.step()
        reply = ask(self.wire, command)
        if reply.code != 250:
            raise self.wire.fail(refused(Stage.SEND, reply))

    def envelope(self, plan: Commands, *, pipelined: bool) -> tuple[dict[str, Reply], Reply | None]:
        """MAIL, RCPT and DATA; what was said to each recipient, and the reply to DATA.

        That is None where no recipient was taken; with 354 the message has to follow.
        """
        said: dict[str, Reply] = {
            name: reply for name, reply in plan.recipients if isinstance(reply, Reply)
        }
        asked = [(name, one) for name, one in plan.recipients if isinstance(one, bytes)]
        order = {name: index for index, (name, _) in enumerate(plan.recipients)}
        if not asked:
            return said, None
        data = self._in_groups(plan.mail, asked, said) if pipelined else None
        if data is None:
            data = self._one_by_one(plan.mail, asked, said)
        if data is not None and data.code < 400 and data.code != GO_AHEAD:
            # Its answers are not to what was asked: nothing was handed over, nobody is served.
            raise self.wire.broken(data.words)
        replies = dict(sorted(said.items(), key=lambda one: order[one[0]]))
        taken = any(reply.accepted for reply in replies.values())
        if taken:
            return replies, data
        if data is not None and data.code == GO_AHEAD:
            # It waits for a message nobody is to receive: it gets none (RFC 2920 section 3.1).
            self._nothing()
        return replies, None

    def _one_by_one(
        self, mail: bytes, asked: Sequence[tuple[str, bytes]], said: dict[str, Reply]
    ) -> Reply | None:
        self.step()
        _check_mail(ask(self.wire, mail))
        for name, command in asked:
            self.step()
            said[name] = _check_rcpt(ask(self.wire, command))
        if not any(reply.accepted for reply in said.values()):
            return None
        self.step()
        return ask(self.wire, b"DATA")

    def _in_groups(
        self, mail: bytes, asked: Sequence[tuple[str, bytes]], said: dict[str, Reply]
    ) -> Reply | None:
        """The same in few round trips. What a command was answered is read in its order."""
        refusal: MailServerError | None = None
        for at in range(0, len(asked), GROUP):
            group, last = asked[at : at + GROUP], at + GROUP >= len(asked)
            self.step()
            for command in ([mail] if at == 0 else []) + [one for _, one in group]:
                send(self.wire, command)
            if last:
                send(self.wire, b"DATA")
            try:
                if at == 0:
                    refusal = _refusal(read(self.wire))
                for name, _ in group:
                    said[name] = read(self.wire)
                    refusal = refusal or _farewell(said[name])
                data = read(self.wire) if last else None
            except MailServerError as error:
                # Whoever says 421 need not answer what was sent before it was heard.
                raise refusal or error from None
            if refusal is not None:
                if data is not None and data.code == GO_AHEAD:
                    self._nothing()
                raise refusal
        return data

    def _nothing(self) -> None:
        """The end of a message that is none; a server that has nobody to give it to refuses it."""
        self.step()
        ask(self.wire, b".")

    def data(self, message: bytes, before_dot: Mark | None) -> Reply:
        """The message, the mark, the dot, the answer."""
        self.step(STEP + len(message) / SLOWEST)
        self.wire.send(stuffed(message))
        if early := self.in_step():
            self.wire.close()
            return early
        if before_dot is not None:
            before_dot()
        try:
            self.wire.silence = LAST_WORD
            self.step(LAST_WORD)
            self.wire.send(b".\r\n")
            reply = read(self.wire)
        except MailServerError as error:
            raise AnswerLost(Stage.SEND, server_line=error.server_line) from None
        finally:
            self.wire.silence = STEP
        if reply.code // 100 == 3:  # neither yes nor no
            raise self.wire.fail(AnswerLost(Stage.SEND, server_line=reply.words))
        return reply


def _refusal(reply: Reply) -> MailServerError | None:
    return None if reply.code == 250 else sender_refused(reply)


def _farewell(reply: Reply) -> MailServerError | None:
    return refused(Stage.SEND, reply) if reply.code == CLOSING_CODE else None


def _check_mail(reply: Reply) -> None:
    error = _refusal(reply)
    if error is not None:
        raise error


def _check_rcpt(reply: Reply) -> Reply:
    error = _farewell(reply)
    if error is not None:
        raise error
    return reply
