"""The dialog of an SMTP account: shapes only. Whether it works is asked of its server."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from connectivity.models import Credential, CredentialKind, Feature
from connectivity.services import features
from lib.forms import HostField, PasswordField, PlainField, PlainInput, PortField
from smtp_accounts import addresses
from smtp_accounts.models import Encryption, SmtpAccount
from smtp_accounts.services import limits
from smtp_accounts.services.accounts import AccountValues, needs_password

DEFAULT_PORT = 25
#: What a sign-in at the provider was made for: it is not sent anywhere else.
LOCKED = ("host", "port", "encryption", "use_authentication", "username")


class AccountForm(forms.Form):
    """Every field of an account, in the order of A28."""

    display_name = PlainField(
        label=_("Display Name"),
        max_length=200,
        required=False,
        help_text=_("The name recipients see beside your address."),
    )
    host = HostField(label=_("Server Address"))
    port = PortField(label=_("Server Port"), initial=DEFAULT_PORT)
    encryption = forms.ChoiceField(
        label=_("Encryption"),
        choices=Encryption.choices,
        initial=Encryption.NONE,
        widget=forms.Select(attrs={"class": "select"}),
    )
    email = PlainField(
        label=_("Email Address"),
        max_length=254,
        widget=PlainInput(placeholder="jdoe@example.com", autocapitalize="none", inputmode="email"),
        help_text=_("The full address you send from."),
        error_messages={"required": _("Enter the full address you send from.")},
    )
    use_authentication = forms.BooleanField(
        label=_("Enable Authentication"),
        required=False,
        initial=True,
        widget=forms.CheckboxInput(attrs={"aria-describedby": "id_use_authentication_help"}),
    )
    username = PlainField(
        label=_("Username"),
        max_length=320,
        required=False,
        widget=PlainInput(autocapitalize="none"),
        help_text=_("Often the same as the Email Address; left empty, that is used."),
    )
    password = PasswordField(required=False)
    daily_limit = forms.IntegerField(
        label=_("At most in 24 hours"),
        required=False,
        min_value=1,
        max_value=1_000_000,
        widget=PlainInput(inputmode="numeric"),
    )

    def __init__(
        self,
        *args: Any,
        user: User,
        account: SmtpAccount | None = None,
        credential: Credential | None = None,
        **kwargs: Any,
    ) -> None:
        """``credential`` is what a sign-in at the provider brought."""
        super().__init__(*args, **kwargs)
        self.user = user
        self.account = account
        self.credential = credential
        self.may_be_clear = features.enabled_for(user, Feature.CLEAR_TEXT)
        self.provider_limit = limits.of_provider(account) if account is not None else None
        if account is None:
            del self.fields["daily_limit"]
        else:
            self.fields["daily_limit"].initial = account.daily_limit
        if self.signs_in_there:
            del self.fields["password"]
            for name in LOCKED:
                self.fields[name].disabled = True
                self.fields[name].widget.attrs["readonly"] = True

    @property
    def signs_in_there(self) -> bool:
        """Whether there is no password, but a permission of the provider (A9)."""
        stored = self.credential or (self.account.credential if self.account else None)
        return stored is not None and stored.kind == CredentialKind.OAUTH

    def clean_encryption(self) -> str:
        chosen = str(self.cleaned_data["encryption"])
        if chosen == Encryption.NONE and not self.may_be_clear:
            raise forms.ValidationError(
                _("Your domain allows encrypted connections only: choose SSL or TLS.")
            )
        return chosen

    def clean_daily_limit(self) -> int | None:
        """Recipients in a day; more than the provider allows would only be refused there."""
        wanted: int | None = self.cleaned_data["daily_limit"]
        if wanted is not None and self.provider_limit is not None and wanted > self.provider_limit:
            words = _("The provider allows at most %(n)d recipients in 24 hours.")
            raise forms.ValidationError(words, params={"n": self.provider_limit})
        return wanted

    def clean_email(self) -> str:
        address = addresses.normal(self.cleaned_data["email"])
        if not address:
            raise forms.ValidationError(_("Enter a full address, for example jdoe@example.com."))
        return address

    def clean(self) -> dict[str, Any]:
        """What depends on more than one field."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("use_authentication") and not cleaned.get("username"):
            cleaned["username"] = cleaned.get("email", "")
        # A typed password that was tried is not sent back; the stored one must not replace it.
        signs_in = cleaned.get("use_authentication") and "password" in self.fields
        is_empty = signs_in and not cleaned.get("password") and "password" not in self.errors
        if is_empty and "retype" in self.data:
            self.add_error("password", _("Enter the password once more."))
        elif is_empty and self.errors and self.account is None:
            # With the other fields, not only once they are right.
            self.add_error("password", self._password_sentence())
        elif not self.errors and needs_password(self.values(), self.account):
            self.add_error("password", self._password_sentence())
        return cleaned

    def _password_sentence(self) -> str:
        if self.account is None or self.account.credential_id is None:
            return str(_("Enter the password."))
        return str(
            _(
                "Enter the password again: server, port, encryption or username has changed, "
                "and a stored password goes only where it was saved for."
            )
        )

    def values(self) -> AccountValues:
        """What was typed, ready for the services."""
        data = self.cleaned_data
        return AccountValues(
            display_name=data["display_name"],
            host=data["host"],
            port=data["port"],
            encryption=data["encryption"],
            email=data["email"],
            use_authentication=data["use_authentication"],
            username=data["username"],
            password=data.get("password", "") if data["use_authentication"] else "",
            credential=self.credential,
        )


class ReplacementForm(forms.Form):
    """What takes the place of an account that is to be deleted (A198)."""

    replacement = forms.ChoiceField(
        label=_("Send from this address instead"),
        widget=forms.Select(attrs={"class": "select"}),
        error_messages={"required": _("Choose the address that takes its place.")},
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["replacement"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        # Nothing is chosen beforehand: a sender is not swapped by pressing Enter.
        field.choices = [("", _("Choose an address…")), *choices]
