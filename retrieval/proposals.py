"""What the form of a new task starts with: a tile's facts, what was found out, plain defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectivity.providers import Provider, Server, by_key
from protocols.types import Security
from retrieval.models import RetrievalTask, TaskType, Transfer
from retrieval.services.account_values import default_name

if TYPE_CHECKING:
    from connectivity.discovery import Candidate, Found, Step

# The ports of RFC 3501 and RFC 1939, and those of RFC 8314 that are encrypted from the start.
PORTS = {TaskType.IMAP: (143, 993), TaskType.POP: (110, 995)}
NEW_FOLDER = "new"
#: Names of folders people know better than the provider's (A98).
FOLDERS = {"microsoft365": "M365", "outlook": "Outlook"}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is known about an account before its form is shown.

    ``receive`` and ``send`` are servers; ``candidate`` is how ``receive`` was found, None where
    the tile or the person named it; ``steps`` tell where it was looked for. With
    ``needs_confirmation`` the person has to agree to the servers before a password is asked for;
    with ``is_limited`` nobody was asked, as the person has looked up too much in this hour.
    """

    kind: str
    address: str = ""
    provider: Provider | None = None
    receive: Server | None = None
    send: Server | None = None
    username: str = ""
    candidate: Candidate | None = None
    steps: tuple[Step, ...] = ()
    needs_confirmation: bool = False
    is_limited: bool = False

    @property
    def is_known(self) -> bool:
        """Whether nobody has to look up a server."""
        return bool(self.receive and self.receive.host)

    @property
    def found_by(self) -> str:
        """The name of the step that found the server."""
        wanted = self.candidate.step if self.candidate is not None else None
        return next((step.name for step in self.steps if step.id == wanted), "")

    @property
    def is_clear(self) -> bool:
        """Whether the server is only known without encryption."""
        return self.candidate is not None and self.candidate.security == Security.NONE

    @property
    def place(self) -> str:
        """The servers in one word, for a confirmation to be compared with."""
        both = (self.receive, self.send)
        return " ".join(f"{one.host}:{one.port}" for one in both if one is not None)

    def initial(self) -> dict[str, Any]:
        """The values the form starts with (A63, A79)."""
        values: dict[str, Any] = {"type": self.kind, "email": self.address}
        values |= {"username": self.username or self.address}
        values["port"] = self.receive.port if self.receive else PORTS[TaskType(self.kind)][0]
        values["host"] = self.receive.host if self.receive else ""
        if self.provider is not None or self.is_known:
            values |= _apart(self.provider, self.address)
        elif self.address:
            values |= {"name": default_name(self.address, "")}
        if self.send is not None and self.send.host:
            values |= {"also_send": True, "smtp_host": self.send.host, "smtp_port": self.send.port}
            values["smtp_encryption"] = "tls" if self.send.starttls else "ssl"
        return values


def of_tile(provider: Provider | None, *, kind: str, address: str) -> Proposal:
    """What a tile knows; without one the plain defaults. A type it lacks becomes IMAP (A59)."""
    wanted = TaskType.POP if kind == TaskType.POP else TaskType.IMAP
    if provider is None:
        return Proposal(wanted, address)
    if wanted not in provider.types:
        wanted = TaskType.IMAP
    return Proposal(
        wanted,
        address,
        provider,
        provider.server(wanted),
        provider.smtp,
        provider.username_of(address, wanted),
    )


def of_found(found: Found, *, kind: str, address: str) -> Proposal:
    """What was found out about an address: of the wanted type, else IMAP, else POP."""
    kinds = [kind] if kind else [TaskType.IMAP, TaskType.POP]
    best = next((one for one in map(found.best, kinds) if one is not None), None)
    if best is None:
        return Proposal(
            kind or TaskType.IMAP,
            address,
            found.provider,
            steps=found.steps,
            is_limited=found.limited,
        )
    sending = found.best("smtp")
    if sending is not None and sending.security == Security.NONE:
        # The password of the mailbox does not go there.
        sending = None
    used = [one for one in (best, sending) if one is not None]
    return Proposal(
        best.kind,
        address,
        found.provider,
        _server(best),
        _server(sending) if sending is not None else None,
        best.username or address,
        best,
        found.steps,
        needs_confirmation=any(one.needs_confirmation for one in used),
    )


def _server(one: Candidate) -> Server:
    # What is named without encryption is tried with STARTTLS: many servers offer it all the same.
    return Server(one.host, one.port, starttls=one.security != Security.TLS)


def _apart(provider: Provider | None, address: str) -> dict[str, Any]:
    """A name, and a folder of its own: the account stays apart unless somebody wants it else."""
    name = provider.name if provider is not None else default_name(address, "")
    folder = FOLDERS.get(provider.key, name) if provider is not None else name
    return {
        "name": name,
        "transfer": Transfer.SUBFOLDERS,
        "destination": NEW_FOLDER,
        "new_folder": folder,
    }


def initial_of(task: RetrievalTask) -> dict[str, Any]:
    """What the form of an existing task starts with; the password never leaves the server."""
    names = (
        "type",
        "host",
        "port",
        "username",
        "method",
        "transfer",
        "use_apop",
        "leave_on_server",
        "require_ssl",
        "filter_enabled",
        "push_enabled",
    )
    values = {name: getattr(task, name) for name in names}
    values["destination"] = str(task.destination_id or "")
    values["email"] = task.source.address
    return values | {"name": task.source.name, "color": task.source.color}


def typed(posted: Mapping[str, Any], action: str, boxes: tuple[str, ...]) -> dict[str, Any]:
    """What was typed so far, with the change a button stands for; never the password.

    The buttons of reports: ``port:993``, ``username:jdoe``, ``type:pop``, ``ssl:on``,
    ``apop:off``.
    """
    values: dict[str, Any] = {name: posted[name] for name in posted if name != "password"}
    values |= {name: name in posted for name in boxes}
    return changed(values, action, by_key(str(posted.get("provider", ""))))


def changed(values: dict[str, Any], action: str, provider: Provider | None) -> dict[str, Any]:
    """The values with the change that a button stands for."""
    what, _, new = action.partition(":")
    if what in ("port", "username", "type") and new:
        values[what] = new
    if action == "ssl:on":
        values["require_ssl"] = True
    if action == "apop:off":
        values["use_apop"] = False
    if what in ("type", "refresh"):
        values |= _servers_for(values, provider)
    return values


def _servers_for(values: dict[str, Any], provider: Provider | None) -> dict[str, Any]:
    """Host and port of the type chosen now; what somebody typed stays."""
    kind = TaskType.POP if values.get("type") == TaskType.POP else TaskType.IMAP
    known = provider.server(kind) if provider is not None else None
    if known is not None and provider is not None and provider.owns(str(values.get("host", ""))):
        return {"host": known.host, "port": known.port}
    port = str(values.get("port", ""))
    for clear, safe in PORTS.values():
        if port in (str(clear), str(safe)):
            return {"port": str(PORTS[kind][port == str(safe)])}
    return {}
