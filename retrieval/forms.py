"""The forms of a retrieval task: shapes only. Whether an account works is asked of its server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from connectivity import pairing
from connectivity.models import Credential, CredentialKind, Feature
from connectivity.providers import APP_PASSWORD, Provider, Server
from connectivity.services import features
from lib.forms import HostField, PasswordField, PlainField, PlainInput, PortField
from mailstore.models import Folder, FolderRole
from mailstore.services import folders
from retrieval import news
from retrieval.models import Method, RetrievalTask, TaskType, Transfer
from retrieval.proposals import NEW_FOLDER
from retrieval.services.accounts import COLORS, SendAs, TaskValues, needs_password

#: What a sign-in at the provider was made for: it is not sent anywhere else.
LOCKED = {
    "type",
    "host",
    "port",
    "username",
    "require_ssl",
    "smtp_host",
    "smtp_port",
    "smtp_encryption",
}


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
        required=False,
        widget=PlainInput(placeholder="name@example.com", autocapitalize="none"),
        help_text=_("Usually the full e-mail address."),
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
    email = PlainField(
        label=_("Email Address"),
        max_length=254,
        required=False,
        widget=PlainInput(placeholder="name@example.com", autocapitalize="none", inputmode="email"),
    )
    also_send = forms.BooleanField(label=_("Also send as this address"), required=False)
    smtp_host = HostField(label=_("Server for sending"), required=False)
    smtp_port = PortField(label=_("Port for sending"), required=False)
    smtp_encryption = forms.ChoiceField(
        label=_("Encryption for sending"),
        # Never without: the password of the mailbox goes there.
        choices=[("ssl", _("SSL")), ("tls", _("TLS"))],
        required=False,
        widget=forms.Select(attrs={"class": "select"}),
    )

    def __init__(
        self,
        *args: Any,
        user: User,
        task: RetrievalTask | None = None,
        provider: Provider | None = None,
        credential: Credential | None = None,
        **kwargs: Any,
    ) -> None:
        """``provider`` is the tile, ``credential`` what a sign-in at the provider brought."""
        super().__init__(*args, **kwargs)
        self.user = user
        self.task = task
        self.provider = provider
        self.credential = credential
        self.may_be_clear = features.enabled_for(user, Feature.CLEAR_TEXT)
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
            for name in ("also_send", "smtp_host", "smtp_port", "smtp_encryption"):
                del self.fields[name]
        if self.signs_in_there:
            del self.fields["password"]
            for name in self.fields.keys() & LOCKED:
                self.fields[name].disabled = True
                self.fields[name].widget.attrs["readonly"] = True
        self._name_after(provider)

    @property
    def signs_in_there(self) -> bool:
        """Whether there is no password, but a permission of the provider (A94)."""
        stored = self.credential or (self.task.credential if self.task else None)
        return stored is not None and stored.kind == CredentialKind.OAUTH

    def _name_after(self, provider: Provider | None) -> None:
        """The provider's own names and types (A59, A93, A100)."""
        if provider is None:
            return
        if self.task is None:
            kinds = cast(forms.ChoiceField, self.fields["type"])
            kinds.choices = [one for one in TaskType.choices if one[0] in provider.types]
        if provider.is_exchange:
            self.fields["username"].label = _("Email Address")
            self.fields["username"].help_text = _("The full address, for example name@example.com.")
            self.fields["filter_enabled"].label = _("Enable content filtering")
        if provider.auth == APP_PASSWORD and not self.signs_in_there:
            self.fields["password"].label = _("App password")

    def clean_require_ssl(self) -> bool:
        required = bool(self.cleaned_data["require_ssl"])
        if not required and not self.may_be_clear:
            raise forms.ValidationError(_("Your domain allows encrypted connections only."))
        return required

    def clean(self) -> dict[str, Any]:
        """What depends on more than one field."""
        cleaned = super().clean() or self.cleaned_data
        self._clean_username(cleaned)
        if self._wants_folder(cleaned):
            self._clean_folder(cleaned)
        if cleaned.get("also_send") and not (cleaned.get("smtp_host") and cleaned.get("smtp_port")):
            self.add_error("smtp_host", _("Enter the server and the port for sending."))
        if not self.errors:
            self._clean_secret()
        elif self.task is None and "password" in self.fields and not cleaned.get("password"):
            # With the other fields, not only once they are right.
            self.add_error("password", _("Enter the password."))
        return cleaned

    def _clean_username(self, cleaned: dict[str, Any]) -> None:
        """The username the provider wants for the address, unless another was typed."""
        email = cleaned.get("email", "")
        if cleaned.get("username") or {"username", "email"} & self.errors.keys():
            return
        if "@" not in email:
            asked = self.provider is not None and self.provider.username != "address"
            self.add_error("email" if asked else "username", _("Enter the username."))
            return
        kind = "pop" if cleaned.get("type") == TaskType.POP else "imap"
        cleaned["username"] = self.provider.username_of(email, kind) if self.provider else email

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
        if self._is_short():
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

    def _is_short(self) -> bool:
        """Tell, once, that this is no app password as the provider makes them now."""
        wanted = self.provider.password_letters if self.provider else 0
        typed = self.cleaned_data.get("password", "")
        if wanted:
            # They are shown in groups, which are no part of them.
            typed = self.cleaned_data["password"] = typed.replace(" ", "")
        if not typed or not wanted or len(typed) == wanted or "letters" in self.data:
            return False
        counted = ngettext("%(n)d letter", "%(n)d letters", len(typed)) % {"n": len(typed)}
        self.add_error(
            "password",
            _(
                "An app password of %(name)s has %(wanted)d letters; this has %(counted)s. Enter "
                "it again, or this one again to try it as it is."
            )
            % {"name": self.provider and self.provider.name, "wanted": wanted, "counted": counted},
        )
        return True

    def _send_as(self, data: dict[str, Any]) -> SendAs | None:
        """The sending half that was asked for, unless there is one already."""
        address = data.get("email") or data["username"]
        if not data.get("also_send") or "@" not in address:
            return None
        if not pairing.is_offered(user=self.user, address=address):
            return None
        server = Server(
            data["smtp_host"], data["smtp_port"], starttls=data.get("smtp_encryption") == "tls"
        )
        one = self.provider
        other = one is not None and one.smtp_username != one.username
        username = one.username_of(address, "smtp") if one and other else data["username"]
        return SendAs(address, server, username)

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
            tile=self._tile(),
            address=data.get("email", ""),
            credential=self.credential,
            send_as=self._send_as(data),
        )

    def _tile(self) -> str:
        return self.provider.key if self.provider else ""


class PasswordForm(forms.Form):
    """A new password for a task whose old one is no longer accepted."""

    password = PasswordField()


def _paths(user: User) -> Sequence[tuple[Folder, str]]:
    """The user's folders with their full names, in the order of the folder tree."""
    found: list[tuple[Folder, str]] = []

    def walk(nodes: Sequence[folders.FolderNode], above: str) -> None:
        for node in nodes:
            label = node.folder.label
            if node.folder.role != FolderRole.SNOOZED:
                found.append((node.folder, f"{above}{label}"))
            walk(node.children, f"{above}{label} / ")

    walk(folders.tree(user), "")
    return found
