"""Trying a server out, stage by stage, for Test Connection and Save."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from protocols.address import AddressPolicy
from protocols.errors import MailServerError
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security

Kind = Literal["imap", "pop", "smtp"]


class CheckStage(StrEnum):
    """The steps a person sees, in order."""

    NAME = "name"
    CONNECT = "connect"
    ENCRYPTION = "encryption"
    SIGN_IN = "sign-in"
    FOLDERS = "folders"


class State(StrEnum):
    """How a step ended."""

    OK = "ok"
    FAILED = "failed"
    NOT_REACHED = "not-reached"


@dataclass(frozen=True, slots=True)
class StageResult:
    """One step of a check; `detail` is a technical word such as TLSv1.3, never a secret."""

    stage: CheckStage
    state: State
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found.  `security` is how the server is to be reached, when that was found.

    `facts`: imap has `folders` and `messages`, pop `messages`, smtp `sender` (1 when accepted).
    """

    stages: tuple[StageResult, ...]
    error: MailServerError | None
    security: Security | None
    facts: Mapping[str, int | str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether everything worked."""
        return self.error is None


def check(
    kind: Kind,
    endpoint: Endpoint,
    login: Login | None,
    *,
    policy: AddressPolicy,
    trust: Trust,
    find_security: bool = False,
    require_ssl: bool = True,
    sender: str | None = None,
    deadline: float = 15.0,
) -> CheckReport:
    """Try a server; never raises a `MailServerError`, always ends within `deadline` seconds.

    With `find_security` the endpoint's own security is ignored and found out: with `require_ssl`
    TLS from the start or a required STARTTLS, without it STARTTLS when offered.
    """
    raise NotImplementedError
