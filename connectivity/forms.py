"""The form in which an administrator registers this installation with a provider."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.utils.translation import gettext_lazy as _

from connectivity.models import OAuthClient
from connectivity.services import clients
from connectivity.services.clients import Registration
from lib.forms import PasswordField, PlainField, PlainInput

#: Addresses of a service of one's own; empty ones are those known for the provider.
ADDRESSES = ("authorize_url", "token_url", "device_url", "revoke_url", "issuer")
_tenant = RegexValidator(r"\A[A-Za-z0-9.-]+\Z", _("Enter a domain name, or the tenant ID."))


class AddressField(PlainField):
    """An https address of somebody's server."""

    default_validators = [*PlainField.default_validators, URLValidator(schemes=["https"])]

    def __init__(self, label: Any) -> None:
        super().__init__(
            label=label,
            max_length=200,
            required=False,
            widget=PlainInput(inputmode="url", autocapitalize="none", placeholder="https://"),
        )


class ClientForm(forms.Form):
    """Client ID and secret; an empty secret keeps the stored one (A190)."""

    client_id = PlainField(
        label=_("Client ID"),
        max_length=255,
        error_messages={"required": _("Enter the client ID.")},
    )
    secret = PasswordField(label=_("Client secret"), required=False)
    forget_secret = forms.BooleanField(label=_("Use no client secret"), required=False)
    tenant = PlainField(label=_("Tenant"), max_length=64, required=False, validators=[_tenant])
    enabled = forms.BooleanField(label=_("Offer this sign-in"), required=False, initial=True)
    authorize_url = AddressField(_("Authorization address"))
    token_url = AddressField(_("Token address"))
    device_url = AddressField(_("Device address"))
    revoke_url = AddressField(_("Revocation address"))
    issuer = AddressField(_("Issuer"))

    def __init__(self, *args: Any, client: OAuthClient | None = None, **kwargs: Any) -> None:
        """``client`` is what is stored and may be changed by this."""
        super().__init__(*args, **kwargs)
        self.client = client

    @classmethod
    def of(cls, client: OAuthClient | None) -> ClientForm:
        """The form as it is stored, without the secret."""
        if client is None:
            return cls()
        names = ("client_id", "tenant", "enabled", *ADDRESSES)
        return cls(initial={name: getattr(client, name) for name in names}, client=client)

    def clean(self) -> dict[str, Any]:
        """Both addresses a sign-in needs, or neither."""
        values = super().clean() or {}
        for one, other in (("authorize_url", "token_url"), ("token_url", "authorize_url")):
            if values.get(other) and not values.get(one) and one not in self.errors:
                both = _("Enter the authorization address and the token address, or neither.")
                self.add_error(one, ValidationError(both))
        others = any(values.get(name) for name in ("device_url", "revoke_url", "issuer"))
        if others and not values.get("authorize_url") and "authorize_url" not in self.errors:
            alone = _("The addresses below count only together with this one.")
            self.add_error("authorize_url", ValidationError(alone))
        if not self.errors and self.client is not None:
            self._clean_receivers(self.client)
        if self.errors:
            self._show_errors(values)
        return values

    def _show_errors(self, values: dict[str, Any]) -> None:
        """Lead to the first wrong field, below the steps; a typed secret is not sent back."""
        first = next(name for name in self.fields if name in self.errors)
        self.fields[first].widget.attrs["autofocus"] = True
        if values.get("secret") and "secret" not in self.errors:
            self.add_error("secret", ValidationError(_("Enter the client secret once more.")))

    def _clean_receivers(self, client: OAuthClient) -> None:
        """A stored secret goes only where it was saved for, and so do people's permissions."""
        values = self.registration()
        if not clients.goes_elsewhere(client, values):
            return
        if client.grants.exists():
            used = _(
                "Accounts sign in at the present service, and their permissions go nowhere else. "
                "Delete these accounts first."
            )
            self.add_error("token_url", ValidationError(used))
        elif client.key_id and values.secret is None:
            again = _(
                "Enter the client secret again: the addresses have changed, and a stored secret "
                "goes only where it was saved for."
            )
            self.add_error("secret", ValidationError(again))

    def registration(self) -> Registration:
        """What to store; an empty secret keeps the stored one unless none is wanted."""
        values = self.cleaned_data
        secret: str | None = values["secret"] or None
        if values["forget_secret"]:
            secret = ""
        names = ("client_id", "tenant", "enabled", *ADDRESSES)
        return Registration(secret=secret, **{name: values[name] for name in names})

    @property
    def addresses(self) -> list[forms.BoundField]:
        """The fields that stand folded."""
        return [self[name] for name in ADDRESSES]

    @property
    def has_addresses(self) -> bool:
        """Whether they are to be unfolded: something is in them, or wrong with them."""
        return any(field.value() or field.errors for field in self.addresses)
