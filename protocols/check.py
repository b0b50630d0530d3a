"""Trying a server out, stage by stage, for Test Connection and Save."""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import ip_address
from typing import Literal

from protocols import tls
from protocols.address import AddressPolicy, judge
from protocols.errors import LoginMethod, MailServerError, Stage
from protocols.imap import ImapSource
from protocols.pop3 import Pop3Source
from protocols.smtp.probe import probe
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login, Security

Kind = Literal["imap", "pop", "smtp"]
Facts = dict[str, int | str]


class CheckStage(StrEnum):
    """The steps a person sees, in order."""

    NAME = "name"
    CONNECT = "connect"
    ENCRYPTION = "encryption"
    HELLO = "hello"
    SIGN_IN = "sign-in"
    FOLDERS = "folders"
    SEND = "send"


Reached = Callable[[CheckStage], None]


class State(StrEnum):
    """How a step ended."""

    OK = "ok"
    FAILED = "failed"
    NOT_REACHED = "not-reached"


@dataclass(frozen=True, slots=True)
class StageResult:
    """One step of a check; `detail` is "none" for a clear connection, never anything secret."""

    stage: CheckStage
    state: State
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found.  `security` is how the server is to be reached, None if unknown.

    Without a login there is no sign-in stage; folders are a stage of imap and pop, what a server
    offers (EHLO) and sending are of smtp.  `facts` hold what was learnt, also on the way to a
    failure:

    - `address` connected to, public ones only; `tls_version` ("TLS 1.3"); `valid_until`, the
      certificate's, in ISO format
    - imap: `folders`, `messages`, `idle` (0 or 1), and where the server tells them cheaply
      `bytes`, `quota_used` and `quota` of the other side
    - pop: `messages`, `bytes`; smtp: `sender` (1 when accepted), and what the server offers
      (`protocols.smtp.Offer.facts`)
    """

    stages: tuple[StageResult, ...]
    error: MailServerError | None
    security: Security | None
    facts: Mapping[str, int | str] = field(default_factory=dict)
    kind: Kind = "imap"

    @property
    def ok(self) -> bool:
        """Whether everything worked."""
        return self.error is None


class _Clock(Deadline):
    """A deadline that remembers when each stage began, and what was learnt."""

    __slots__ = ("facts", "marks", "reached")

    def __init__(self, seconds: float, reached: Reached | None = None) -> None:
        super().__init__(seconds)
        self.reached = reached
        self.marks: list[tuple[CheckStage, float]] = []
        self.facts: Facts = {}

    def note(self, name: str, value: str) -> None:
        # Where a name leads in our own networks is nobody's business.
        if name != "address" or judge(ip_address(value), AddressPolicy()):
            self.facts[name] = value

    def within(self, seconds: float, stage: Stage) -> Deadline:
        self.marks.append((_SHOWN[stage], time.monotonic()))
        # How far it came before there was a connection tells what is in our own networks.
        if self.reached is not None and stage not in (Stage.NAME, Stage.CONNECT):
            self.reached(_SHOWN[stage])
        return super().within(seconds, stage)

    def spent(self, stage: CheckStage) -> float:
        """Seconds spent in a stage so far."""
        if not self.marks:  # what was typed can be no host: nothing began
            return 0.0
        ends = [moment for _, moment in self.marks[1:]] + [time.monotonic()]
        spans = zip(self.marks, ends, strict=True)
        return sum(end - begun for (each, begun), end in spans if each is stage)


_SHOWN: Mapping[Stage, CheckStage] = {
    Stage.NAME: CheckStage.NAME,
    Stage.CONNECT: CheckStage.CONNECT,
    Stage.GREETING: CheckStage.CONNECT,
    Stage.ENCRYPTION: CheckStage.ENCRYPTION,
    Stage.HELLO: CheckStage.HELLO,
    Stage.LOGIN: CheckStage.SIGN_IN,
    Stage.FOLDERS: CheckStage.FOLDERS,
    Stage.FETCH: CheckStage.FOLDERS,
    Stage.SEND: CheckStage.SEND,
}
_COMMON = (CheckStage.NAME, CheckStage.CONNECT, CheckStage.ENCRYPTION)
STAGES: Mapping[Kind, tuple[CheckStage, ...]] = {
    "imap": (*_COMMON, CheckStage.SIGN_IN, CheckStage.FOLDERS),
    "pop": (*_COMMON, CheckStage.SIGN_IN, CheckStage.FOLDERS),
    "smtp": (*_COMMON, CheckStage.HELLO, CheckStage.SIGN_IN, CheckStage.SEND),
}
"""The steps of a check, in order."""
# Ports where encryption has to be asked for.
_CLEAR_PORTS = {25, 110, 143, 587, 2525}


def check(
    kind: Kind,
    endpoint: Endpoint,
    login: Login | None,
    *,
    policy: AddressPolicy,
    trust: Trust,
    security: Security | None = None,
    require_ssl: bool = True,
    sender: str | None = None,
    deadline: float = 15.0,
    reached: Reached | None = None,
) -> CheckReport:
    """Try a server; raises no `MailServerError` and ends within `deadline` seconds.

    `security` overrides the endpoint's.  When it is None, imap and pop find it out: with
    `require_ssl` TLS from the start or a required STARTTLS, never clear text; without it STARTTLS
    where offered, else clear text.  For smtp None means the endpoint's own.

    The sender of an smtp check is offered with MAIL FROM and taken back: nothing is sent.

    `reached` is told, once there is a connection, which step is under way, some more than once.
    """
    clock = _Clock(deadline, reached)
    finding = security is None and kind != "smtp"
    chosen = security or (_first_guess(endpoint.port) if finding else endpoint.security)
    tried: set[Security] = set()
    while True:
        tried.add(chosen)
        try:
            facts = _RUN[kind](
                replace(endpoint, security=chosen), login, policy, trust, clock, sender
            )
        except MailServerError as error:
            other = _next_guess(chosen, error.cause, require_ssl) if finding else None
            if other is not None and other not in tried:
                chosen = other
                continue
            known = None if finding and _early(error) else chosen
            stages = _stages(kind, clock, chosen, login, error)
            found = dict(clock.facts)
            tls.look_again(error, kind, replace(endpoint, security=chosen), policy, clock)
            return CheckReport(stages, error, known, found, kind)
        stages = _stages(kind, clock, chosen, login, None)
        return CheckReport(stages, None, chosen, {**clock.facts, **facts}, kind)


def _first_guess(port: int) -> Security:
    """A clear-text server answers a handshake at once with its greeting, so TLS costs no time."""
    return Security.STARTTLS if port in _CLEAR_PORTS else Security.TLS


def _next_guess(tried: Security, cause: str, require_ssl: bool) -> Security | None:
    """What else to try after this failure; clear text only where encryption is not required."""
    if (tried, cause) == (Security.STARTTLS, "tls-from-start"):
        return Security.TLS
    if (tried, cause) == (Security.TLS, "no-tls-there"):
        return Security.STARTTLS
    if (tried, cause, require_ssl) == (Security.STARTTLS, "tls-not-offered", False):
        return Security.NONE
    return None


def _early(error: MailServerError) -> bool:
    return _SHOWN[error.stage] in (CheckStage.NAME, CheckStage.CONNECT, CheckStage.ENCRYPTION)


def _stages(
    kind: Kind,
    clock: _Clock,
    security: Security,
    login: Login | None,
    error: MailServerError | None,
) -> tuple[StageResult, ...]:
    absent = {one for one in CheckStage if one not in STAGES[kind]}
    at = _SHOWN[error.stage] if error else None
    if login is None and at is not CheckStage.SIGN_IN:
        absent.add(CheckStage.SIGN_IN)
    shown = [each for each in CheckStage if each not in absent]
    failed = shown.index(at) if at in shown else len(shown) - (at is not None)
    results: list[StageResult] = []
    for index, stage in enumerate(shown):
        state = State.OK if index < failed else State.NOT_REACHED
        if index == failed:
            state = State.FAILED
        clear = stage is CheckStage.ENCRYPTION and security is Security.NONE
        results.append(StageResult(stage, state, "none" if clear else "", clock.spent(stage)))
    return tuple(results)


def _imap(
    endpoint: Endpoint,
    login: Login | None,
    policy: AddressPolicy,
    trust: Trust,
    clock: _Clock,
    sender: str | None,
) -> Facts:
    if login is None:
        raise LoginMethod(Stage.LOGIN)
    with ImapSource.open(endpoint, login, policy=policy, trust=trust, total=clock) as source:
        boxes = [box for box in source.list_folders() if box.selectable]
        facts: Facts = {
            "folders": len(boxes),
            "messages": sum(box.status.messages for box in boxes if box.status),
            "idle": int("IDLE" in source.capabilities),
        }
        # Everything that matters went well: a server that stumbles over this is fine.
        with contextlib.suppress(MailServerError):
            found = source.extent(boxes)
            told = {"bytes": found.size, "quota_used": found.used, "quota": found.limit}
            facts |= {name: value for name, value in told.items() if value is not None}
        return facts


def _pop(
    endpoint: Endpoint,
    login: Login | None,
    policy: AddressPolicy,
    trust: Trust,
    clock: _Clock,
    sender: str | None,
) -> Facts:
    if login is None:
        raise LoginMethod(Stage.LOGIN)
    with Pop3Source.open(endpoint, login, policy=policy, trust=trust, total=clock) as source:
        messages, size = source.extent()
        source.quit()
        return {"messages": messages, "bytes": size} if size else {"messages": messages}


def _smtp(
    endpoint: Endpoint,
    login: Login | None,
    policy: AddressPolicy,
    trust: Trust,
    clock: _Clock,
    sender: str | None,
) -> Facts:
    offer = probe(endpoint, login, policy=policy, trust=trust, clock=clock, sender=sender)
    return {**offer.facts, "sender": int(bool(sender))}


_Runner = Callable[[Endpoint, Login | None, AddressPolicy, Trust, _Clock, str | None], Facts]
_RUN: Mapping[Kind, _Runner] = {"imap": _imap, "pop": _pop, "smtp": _smtp}
