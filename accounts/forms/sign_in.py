"""The form to sign in with."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """E-mail address and password; one sentence for an unknown address and a wrong password."""

    error_messages = {
        "invalid_login": _("That address and password do not match."),
        "inactive": _("That address and password do not match."),
    }
    remember = forms.BooleanField(required=False, label=_("Stay signed in on this device"))
    # What the browser says; filled in by a script.
    time_zone = forms.CharField(
        required=False, widget=forms.HiddenInput(attrs={"data-time-zone": True})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Email Address")
        self.fields["username"].widget = forms.EmailInput(
            attrs={
                "class": "input",
                "autocomplete": "username",
                "autofocus": True,
                "maxlength": 254,
            }
        )
        self.fields["password"].widget = forms.PasswordInput(
            attrs={"class": "input", "autocomplete": "current-password"}
        )

    def lead_back(self) -> None:
        """After a failure: to the password, which is never shown again, if there is an address."""
        told = {"aria-describedby": "sign-in-error", "aria-invalid": "true"}
        for name in ("username", "password"):
            self.fields[name].widget.attrs.update(told)
        if self.cleaned_data.get("username"):
            self.fields["username"].widget.attrs["autofocus"] = False
            self.fields["password"].widget.attrs["autofocus"] = True

    def clean_username(self) -> str:
        """Addresses are stored in lower case."""
        return str(self.cleaned_data["username"]).strip().lower()
