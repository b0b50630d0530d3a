"""The forms of a retrieval task: shapes only. Whether an account works is asked of its server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from connectivity.providers import Provider, Server
from lib.forms import HostField, PasswordField, PlainField, PlainInput, PortField
from mailstore.models import Folder
from mailstore.services import folders
from retrieval import news
from retrieval.models import Method, RetrievalTask, TaskType, Transfer
from retrieval.services.accounts import COLORS, TaskValues, default_name, needs_password

# The ports of RFC 3501 and RFC 1939, and those of RFC 8314 that are encrypted from the start.
PORTS = {TaskType.IMAP: (143, 993), TaskType.POP: (110, 995)}
NEW_FOLDER = "new"


class StartForm(forms.Form):
    """Step 1: the address, from which the provider may be known."""

    address = forms.EmailField(
        label=_("Your address there"),
        widget=forms.EmailInput(
            attrs={"class": "input", "placeholder": "name@example.com", "autocomplete": "off"}
        ),
    )


class TaskForm(forms.Form):
    """Every field of a task, in the order of A205, then how it is shown here."""

    type = forms.ChoiceField(
        label=_("Type"),
        choices=TaskType.choices,
        initial=TaskType.IMAP,
        widget=forms.Select(attrs={"class": "select"}),
    )
    host = HostField(label=_("Server Address"))
    port = PortField(label=_("Port"))
    username = PlainField(
        label=_("Username"),
        max_length=320,
        widget=PlainInput(placeholder="name@example.com", autocapitalize="none"),
        help_text=_("Usually the full e-mail address."),
        error_messages={"required": _("Enter the username.")},
    )
    password = PasswordField(required=False)
    method = forms.ChoiceField(
        label=_("Retrieval Method"),
        choices=[(Method.AUTOMATIC, _("Automatic")), (Method.MANUAL, _("Manual"))],
        initial=Method.AUTOMATIC,
        widget=forms.Select(attrs={"class": "select"}),
    )
    transfer = forms.ChoiceField(
        label=_("Folder Transfer Method"),
        choices=Transfer.choices,
        initial=Transfer.ROOT,
        required=False,
        widget=forms.RadioSelect,
    )
    destination = forms.ChoiceField(
        label=_("Destination Folder"),
        required=False,
        widget=forms.Select(attrs={"class": "select"}),
    )
    new_folder = PlainField(label=_("Name of the new folder"), max_length=255, required=False)
    use_apop = forms.BooleanField(label=_("Enable APOP authentication"), required=False)
    leave_on_server = forms.BooleanField(label=_("Leave messages on server"), required=False)
    require_ssl = forms.BooleanField(label=_("Require SSL"), required=False, initial=True)
    filter_enabled = forms.BooleanField(
        label=_("Enable spam and content filtering"), required=False
    )
    push_enabled = forms.BooleanField(
        label=_("New mail within seconds"), required=False, initial=True
    )
    name = PlainField(label=_("Name"), max_length=100, required=False)
    color = forms.TypedChoiceField(
        label=_("Colour"),
        choices=[(number, str(number)) for number in range(1, COLORS + 1)],
        coerce=int,
        empty_value="",
        required=False,
        widget=forms.RadioSelect,
    )

    def __init__(
        self, *args: Any, user: User, task: RetrievalTask | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.task = task
        self.folders = {str(folder.pk): folder for folder, _path in _paths(user)}
        choices = [(str(folder.pk), path) for folder, path in _paths(user)]
        destination = cast(forms.ChoiceField, self.fields["destination"])
        destination.choices = [*choices, (NEW_FOLDER, _("New folder…"))]
        if not news.is_offered():
            # What was chosen while there was a choice stays.
            del self.fields["push_enabled"]
        if task is not None:
            # What a task knows of its mailbox depends on the type.
            self.fields["type"].disabled = True

    def clean(self) -> dict[str, Any]:
        """What depends on more than one field."""
        cleaned = super().clean() or self.cleaned_data
        if self._wants_folder(cleaned):
            self._clean_folder(cleaned)
        if not self.errors:
            self._clean_secret()
        return cleaned

    def _wants_folder(self, cleaned: dict[str, Any]) -> bool:
        is_pop = cleaned.get("type") == TaskType.POP
        return is_pop or cleaned.get("transfer") == Transfer.SUBFOLDERS

    def _clean_folder(self, cleaned: dict[str, Any]) -> None:
        if cleaned.get("destination") == NEW_FOLDER:
            if not cleaned.get("new_folder") and "new_folder" not in self.errors:
                self.add_error("new_folder", _("Enter a name for the new folder."))
        elif not cleaned.get("destination") and "destination" not in self.errors:
            self.add_error("destination", _("Choose a folder."))

    def _clean_secret(self) -> None:
        # A typed password that was tried is not sent back; the stored one must not replace it.
        if "retype" in self.data and not self.cleaned_data.get("password"):
            self.add_error("password", _("Enter the password once more."))
            return
        if not needs_password(self.values(), self.task):
            return
        if self.task is None:
            self.add_error("password", _("Enter the password."))
        else:
            self.add_error(
                "password",
                _(
                    "Enter the password again: server, port, username or encryption has "
                    "changed, and a stored password goes only where it was saved for."
                ),
            )

    def values(self) -> TaskValues:
        """What was typed, ready for the services."""
        data = self.cleaned_data
        wants = self._wants_folder(data)
        is_new = data.get("destination") == NEW_FOLDER
        return TaskValues(
            type=data["type"],
            host=data["host"],
            port=data["port"],
            username=data["username"],
            password=data.get("password", ""),
            require_ssl=data["require_ssl"],
            method=data.get("method", Method.AUTOMATIC),
            transfer=data.get("transfer") or Transfer.ROOT,
            destination=self.folders.get(data.get("destination", "")) if wants else None,
            new_folder=data.get("new_folder", "") if wants and is_new else "",
            use_apop=data.get("use_apop", False),
            leave_on_server=data.get("leave_on_server", False),
            filter_enabled=data.get("filter_enabled", False),
            push_enabled=data.get("push_enabled", self.task is None or self.task.push_enabled),
            name=data.get("name", ""),
            color=data.get("color") or 0,
        )


class PasswordForm(forms.Form):
    """A new password for a task whose old one is no longer accepted."""

    password = PasswordField()


def initial_for(provider: Provider | None, *, kind: str, address: str) -> dict[str, Any]:
    """What the form starts with: a provider's servers, or the plain defaults (A63, A79)."""
    kind = TaskType.POP if kind == TaskType.POP else TaskType.IMAP
    if provider is not None and provider.pop is None:
        kind = TaskType.IMAP
    values: dict[str, Any] = {"type": kind, "username": address, "port": PORTS[kind][0]}
    if provider is not None:
        server: Server = (provider.pop if kind == TaskType.POP else None) or provider.imap
        values |= {"host": server.host, "port": server.port, "name": provider.name}
        values |= {"transfer": Transfer.SUBFOLDERS, "destination": NEW_FOLDER}
        values |= {"new_folder": provider.name}
    elif address:
        values |= {"name": default_name(address, "")}
    return values


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
    return values | {"name": task.source.name, "color": task.source.color}


def _paths(user: User) -> Sequence[tuple[Folder, str]]:
    """The user's folders with their full names, in the order of the folder tree."""
    found: list[tuple[Folder, str]] = []

    def walk(nodes: Sequence[folders.FolderNode], above: str) -> None:
        for node in nodes:
            label = node.folder.label
            found.append((node.folder, f"{above}{label}"))
            walk(node.children, f"{above}{label} / ")

    walk(folders.tree(user), "")
    return found
