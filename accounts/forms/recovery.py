"""The forms of "Forgot your password?"."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.ending import Kept


class AskForm(forms.Form):
    """Whose password was forgotten, and the answer to a challenge."""

    address = forms.EmailField(
        label=_("Email Address"),
        max_length=254,
        error_messages={
            "required": _("Enter your email address."),
            "invalid": _("Enter your full email address, such as name@example.org."),
        },
        widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "username"}),
    )
    # The challenge itself is looked at by the view, which makes a new one for each answer.
    challenge = forms.CharField(required=False, max_length=40)
    answer = forms.CharField(required=False, max_length=32)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound or self["address"].errors:
            self.fields["address"].widget.attrs["autofocus"] = True


class NewPasswordForm(forms.Form):
    """A new password, twice, and what of the old ones is to go on."""

    password = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=4096,
        error_messages={"required": _("Enter a new password.")},
        # Also after a mistake in the other one: neither is shown again.
        widget=forms.PasswordInput(
            attrs={"class": "input", "autocomplete": "new-password", "autofocus": True}
        ),
    )
    again = forms.CharField(
        label=_("New password, once more"),
        strip=False,
        max_length=4096,
        error_messages={"required": _("Enter it once more.")},
        widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password"].help_text = " ".join(map(str, password_validators_help_texts()))

    def clean_password(self) -> str:
        """Strong enough by the installation's rules."""
        password = str(self.cleaned_data["password"])
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        """Both are the same."""
        values = super().clean() or {}
        if "password" in values and "again" in values and values["password"] != values["again"]:
            self.add_error("again", ValidationError(_("The two are not the same.")))
        return values

    def kept(self) -> Kept:
        """What was ticked. What came after the page was opened is not among it, and ends."""
        return Kept(self._ids("keep_session"), self._ids("keep_program"))

    def _ids(self, name: str) -> frozenset[int]:
        given = self.data.getlist(name)  # type: ignore[attr-defined] # it is a QueryDict
        return frozenset(int(one) for one in given if one.isascii() and one.isdigit())
