"""Forms of the pages on which administrators look after people."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Domain, Role, User
from lib.forms import OneLineField
from webmail.services import managing
from webmail.services.managing import Profile

GB: Final = 1024**3
MADE, TYPED = "made", "typed"


def _plain(number: Decimal) -> str:
    """A number as people write it: never 1E+1."""
    return f"{number.quantize(Decimal('0.001')).normalize():f}"


class ProfileForm(forms.Form):
    """What an administrator says of a person. Fields that are not here cannot be sent."""

    display_name = OneLineField(label=_("Display name"), max_length=200, required=False)
    backup_address = forms.CharField(
        label=_("Backup Email Address"), max_length=254, required=False
    )
    role = forms.ChoiceField(label=_("Role"))
    quota = forms.DecimalField(
        label=_("Space in GB"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal(1_000_000),
        max_digits=12,
        decimal_places=3,
    )

    def __init__(
        self, data: QueryDict | None = None, *, by: User, user: User | None = None, **kwargs: Any
    ) -> None:
        self.user = user
        initial: dict[str, Any] = {"role": Role.USER}
        if user is not None:
            gigabytes = Decimal(user.quota) / GB if user.quota is not None else None
            initial = {
                "display_name": user.display_name,
                "backup_address": user.backup_address,
                "role": user.role,
                "quota": gigabytes and _plain(gigabytes),
            }
        super().__init__(data, initial=initial, **kwargs)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)  # noqa: S101 - declared above
        role.choices = managing.roles_for(by)
        role.widget.attrs = {"class": "select"}
        # Nobody changes their own role; a form that sends one anyway is not heard.
        role.disabled = user is not None and user.pk == by.pk
        looks = {"class": "input", "autocomplete": "off"}
        self.fields["display_name"].widget.attrs |= {**looks, "dir": "auto"}
        mail = {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
        self.fields["backup_address"].widget.attrs |= looks | mail
        self.fields["quota"].widget = forms.TextInput(attrs={**looks, "inputmode": "decimal"})

    @property
    def profile(self) -> Profile:
        """What the form says, once it is valid."""
        values = self.cleaned_data
        quota = self.user.quota if self.user else None
        if "quota" in self.changed_data:
            quota = None if values["quota"] is None else int(values["quota"] * GB)
        return Profile(values["display_name"], values["role"], values["backup_address"], quota)

    def take(self, error: ValidationError) -> None:
        """Show what a service says about fields of this form, or about the whole of it."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, errors in error.error_dict.items():
            for one in errors:
                self.add_error(name if name in self.fields else None, one)


class PasswordForm(forms.Form):
    """A new password: made by us and shown once, or typed."""

    how = forms.ChoiceField(
        label=_("Password"),
        choices=[(MADE, _("Make one and show it to me once")), (TYPED, _("I type one"))],
        widget=forms.RadioSelect,
        initial=MADE,
    )
    password = forms.CharField(
        label=_("New password"),
        required=False,
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("how") == TYPED and not values.get("password"):
            self.add_error("password", _("Type the new password."))
        return values

    @property
    def chosen(self) -> str:
        """The password, one of ours where none was to be typed."""
        if self.cleaned_data["how"] == TYPED:
            return str(self.cleaned_data["password"])
        return managing.made_password()

    @property
    def is_made(self) -> bool:
        """Whether somebody has to be shown it."""
        return bool(self.cleaned_data["how"] == MADE)


class NewPersonForm(ProfileForm, PasswordForm):
    """A person who does not exist yet."""

    email = forms.CharField(label=_("Email Address"), max_length=254)
    field_order = ("email", "display_name")

    def __init__(self, data: QueryDict | None = None, *, by: User, domain: Domain) -> None:
        self.domain = domain
        super().__init__(data, by=by)
        self.fields["email"].widget.attrs |= {
            "class": "input",
            "autocomplete": "off",
            "autocapitalize": "none",
            "spellcheck": "false",
            "aria-describedby": "email-ends",
        }

    def clean_email(self) -> str:
        """What stands before the @ is enough."""
        found = str(self.cleaned_data["email"]).strip().lower()
        return found if "@" in found else f"{found}@{self.domain.name}"

    def take(self, error: ValidationError) -> None:
        """A password that is too easy is told beside it."""
        codes = {getattr(one, "code", "") or "" for one in getattr(error, "error_list", [])}
        if any(code.startswith("password_") for code in codes):
            self.add_error("password", error)
            return
        super().take(error)
