"""What a person chooses about a task, and how a test or a save of it ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectivity.cause import Explained
from connectivity.models import Credential
from connectivity.providers import Server
from mailstore.models import Folder
from protocols.check import CheckReport
from protocols.types import Security
from retrieval.models import Method, RetrievalTask, TaskType, Transfer

# Changing one of these sends the secret somewhere else, so it must be given again.
GUARDED = ("host", "port", "username", "require_ssl")


@dataclass(frozen=True, slots=True)
class SendAs:
    """The other half: an SMTP account for ``address``, with the same secret."""

    address: str
    server: Server
    username: str


@dataclass(frozen=True, slots=True)
class TaskValues:
    """Everything a person chooses about a task.

    An empty ``password`` keeps the stored one; ``credential`` is what a sign-in at the provider
    brought, and takes the place of a password. ``new_folder`` names a folder to be made and used
    as ``destination``. ``security`` None lets the test find out how TLS is reached. ``tile`` is
    the key of the provider the form was made for, ``address`` the account's address where the
    username is not that.
    """

    type: str
    host: str
    port: int
    username: str
    password: str = field(default="", repr=False)
    require_ssl: bool = True
    method: str = Method.AUTOMATIC
    transfer: str = Transfer.ROOT
    destination: Folder | None = None
    new_folder: str = ""
    use_apop: bool = False
    leave_on_server: bool = False
    filter_enabled: bool = False
    name: str = ""
    color: int = 0
    security: Security | None = None
    push_enabled: bool = True
    tile: str = ""
    address: str = ""
    credential: Credential | None = None
    send_as: SendAs | None = None

    @property
    def own_address(self) -> str:
        """The address mail to this account is sent to; empty where nobody said it."""
        return self.address or (self.username if "@" in self.username else "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test or a save ended: ``problem`` is None if nothing failed.

    ``report`` is None if no server was asked, because the answer was known before. ``removes`` is
    how many messages would go from the other server; nothing was stored, as nobody agreed yet.
    ``sent`` is the report on the sending half, where there is one; with ``only_sending`` it is
    that half alone that failed.
    """

    report: CheckReport | None
    problem: Explained | None
    host: str = ""
    port: int = 0
    task: RetrievalTask | None = None
    removes: int = 0
    sent: CheckReport | None = None
    only_sending: bool = False

    @property
    def ok(self) -> bool:
        return self.problem is None and not self.removes


def values_of(task: RetrievalTask) -> TaskValues:
    """What is stored about a task, without the password."""
    return TaskValues(
        type=task.type,
        host=task.host,
        port=task.port,
        username=task.username,
        require_ssl=task.require_ssl,
        method=task.method,
        transfer=task.transfer,
        destination=task.destination,
        use_apop=task.use_apop,
        leave_on_server=task.leave_on_server,
        filter_enabled=task.filter_enabled,
        name=task.source.name,
        color=task.source.color,
        push_enabled=task.push_enabled,
        tile=task.tile,
        address=task.source.address,
    )


def needs_password(values: TaskValues, task: RetrievalTask | None) -> bool:
    """Whether the password has to be typed: for a new task, and when it would go elsewhere."""
    if values.password or values.credential is not None:
        return False
    return task is None or any(getattr(task, name) != getattr(values, name) for name in GUARDED)


def begins_removing(values: TaskValues, task: RetrievalTask | None) -> bool:
    """Whether saving this makes messages go from a server that kept them so far (A71, A72)."""
    if values.type != TaskType.POP or values.leave_on_server:
        return False
    if task is None or task.leave_on_server:
        return True
    return mailbox(task) != mailbox(values)


def mailbox(account: RetrievalTask | TaskValues) -> str:
    """Whose messages on which server: what an agreement to remove them is about."""
    return f"{account.username} {account.host.lower()}"


def default_name(username: str, host: str) -> str:
    """What a task is called until somebody names it: the other side's domain."""
    return username.rpartition("@")[2] if "@" in username else host
