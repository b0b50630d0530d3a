"""The dialog of an address to write from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from lib.forms import PlainField, PlainInput
from mailstore.models import Folder
from mailstore.services import folders
from smtp_accounts import addresses
from smtp_accounts.models import Accepts, Identity, Purpose, SmtpAccount
from smtp_accounts.services import signatures
from smtp_accounts.services.senders import IdentityValues

COLORS = (
    ("", _("As its account")),
    ("1", _("Blue")),
    ("2", _("Violet")),
    ("3", _("Orange")),
    ("4", _("Green")),
    ("5", _("Rose")),
    ("6", _("Grey")),
)
#: Beside the ids of signatures.
DEFAULT, NO_SIGNATURE = "", "none"


class IdentityForm(forms.Form):
    """An address, what recipients see of it, and what belongs to it."""

    account = forms.ChoiceField(
        label=_("Send through"),
        widget=forms.Select(attrs={"class": "select"}),
        error_messages={"required": _("Choose the account it is sent through.")},
    )
    address = PlainField(
        label=_("Email Address"),
        max_length=254,
        widget=PlainInput(
            placeholder="studio@example.com", autocapitalize="none", inputmode="email"
        ),
        error_messages={"required": _("Enter the full address you want to send from.")},
    )
    display_name = PlainField(
        label=_("Display Name"),
        max_length=200,
        required=False,
        widget=PlainInput(dir="auto"),
        help_text=_("Left empty, the name of the account is used."),
    )
    description = PlainField(
        label=_("Private description"),
        max_length=100,
        required=False,
        widget=PlainInput(dir="auto"),
        help_text=_("Stands in Send From. Recipients never see it."),
    )
    color = forms.ChoiceField(
        label=_("Colour"), choices=COLORS, required=False, widget=forms.RadioSelect
    )
    purpose = forms.ChoiceField(
        label=_("Used for"),
        choices=Purpose.choices,
        required=False,
        widget=forms.Select(attrs={"class": "select"}),
        help_text=_("You are asked before a private address writes to people from work."),
    )
    reply_to = PlainField(
        label=_("Reply to"),
        max_length=998,
        required=False,
        widget=PlainInput(autocapitalize="none", inputmode="email"),
        help_text=_("Where answers go, if not to the address itself."),
    )
    accepts = forms.ChoiceField(
        label=_("Received addresses that belong to it"),
        choices=Accepts.choices,
        initial=Accepts.PLUS,
        widget=forms.Select(attrs={"class": "select"}),
        help_text=_("A reply to mail that was sent there starts with this address."),
    )
    signature = forms.ChoiceField(
        label=_("Signature"), required=False, widget=forms.Select(attrs={"class": "select"})
    )
    sent_folder = forms.ChoiceField(
        label=_("Keep sent messages in"),
        required=False,
        widget=forms.Select(attrs={"class": "select"}),
    )

    def __init__(
        self,
        *args: Any,
        user: User,
        accounts: Sequence[SmtpAccount] = (),
        identity: Identity | None = None,
        is_own: bool = False,
        **kwargs: Any,
    ) -> None:
        """``is_own``: name and address are the account's, and are changed there."""
        kwargs["initial"] = (_initial(identity) if identity else {}) | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.signatures = {str(one.pk): one for one in signatures.signatures_of(user)}
        self.folders = dict(_paths(user))
        if identity is not None:
            del self.fields["account"]
        else:
            self._choices("account", [(str(one.pk), _named(one)) for one in accounts])
        if is_own:
            del self.fields["address"], self.fields["display_name"]
        if identity is not None and identity.account_id is None:
            # The rest of this domain belongs to other people.
            kept = [one for one in Accepts.choices if one[0] != Accepts.DOMAIN]
            self._choices("accepts", kept)
        default = next((one for one in self.signatures.values() if one.is_default), None)
        first = _("The default: %(name)s") % {"name": default or _("none yet")}
        own = [(key, one.name) for key, one in self.signatures.items()]
        self._choices("signature", [(DEFAULT, first), *own, (NO_SIGNATURE, _("No signature"))])
        paths = [(str(one.pk), path) for one, path in self.folders.values()]
        self._choices("sent_folder", [("", _("Sent")), *paths])

    def _choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = choices

    @property
    def has_more(self) -> bool:
        """Whether the folded fields are to be seen: something is chosen there, or wrong."""
        plain = {"reply_to": "", "accepts": Accepts.PLUS, "sent_folder": ""}
        fields = [(self[name], usual) for name, usual in plain.items()]
        return any(field.errors or (field.value() or "") != usual for field, usual in fields)

    def clean_address(self) -> str:
        address = addresses.normal(self.cleaned_data["address"])
        if not address:
            raise forms.ValidationError(_("Enter a full address, for example jdoe@example.com."))
        return address

    def clean_reply_to(self) -> str:
        """One or several addresses, with names or without."""
        found = addresses.parse(self.cleaned_data["reply_to"])
        if found.wrong:
            words = _("“%(entry)s” is not a mail address.")
            raise forms.ValidationError(words, params={"entry": found.wrong[0]})
        return addresses.text(found.mailboxes)

    def values(self) -> IdentityValues:
        """What was typed, ready for the services."""
        data = self.cleaned_data
        folder = self.folders.get(data["sent_folder"])
        return IdentityValues(
            address=data.get("address", ""),
            display_name=data.get("display_name", ""),
            description=data["description"],
            color=int(data["color"]) if data["color"] else None,
            purpose=data["purpose"],
            reply_to=data["reply_to"],
            accepts=data["accepts"],
            signature=self.signatures.get(data["signature"]),
            is_unsigned=data["signature"] == NO_SIGNATURE,
            sent_folder=folder[0] if folder else None,
        )


def _initial(identity: Identity) -> dict[str, Any]:
    names = ("address", "display_name", "description", "purpose", "reply_to", "accepts")
    chosen = NO_SIGNATURE if identity.is_unsigned else str(identity.signature_id or DEFAULT)
    return {
        **{name: getattr(identity, name) for name in names},
        "color": str(identity.color or ""),
        "signature": chosen,
        "sent_folder": str(identity.sent_folder_id or ""),
    }


def _named(account: SmtpAccount) -> str:
    return f"{account.email} ({account.host})"


def _paths(user: User) -> list[tuple[str, tuple[Folder, str]]]:
    """The folders sent mail can go to, with their full names, in the order of the tree."""
    found: list[tuple[str, tuple[Folder, str]]] = []

    def walk(nodes: Sequence[folders.FolderNode], above: str) -> None:
        for node in nodes:
            folder = node.folder
            path = f"{above}{folder.label}"
            if not folder.role:
                found.append((str(folder.pk), (folder, path)))
            walk(node.children, f"{path} / ")

    walk(folders.tree(user), "")
    return found
