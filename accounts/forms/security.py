"""The forms of Settings, Security."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.passkeys import NAME_LENGTH


class PasswordForm(PasswordChangeForm):
    """The old password, the new one twice, and what goes on with the old one."""

    keep_sessions = forms.BooleanField(
        required=False, label=_("Stay signed in on my other devices")
    )
    keep_programs = forms.BooleanField(required=False, label=_("Keep my app passwords"))

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        for name in ("old_password", "new_password1", "new_password2"):
            self.fields[name].widget.attrs["class"] = "input"
            self.fields[name].widget.attrs.pop("autofocus", None)
        self.fields["old_password"].label = _("Password now")
        self.fields["new_password2"].label = _("New password, once more")
        self.fields["new_password2"].help_text = ""

    @property
    def passwords(self) -> list[forms.BoundField]:
        """The fields for passwords, in their order."""
        found = [self[name] for name in ("old_password", "new_password1", "new_password2")]
        wrong = next((one for one in found if one.errors), None)
        if wrong is not None:
            # None of them is shown again, so that all are typed anew, from the first on.
            found[0].field.widget.attrs["autofocus"] = True
        return found


class NameForm(forms.Form):
    """What a passkey or an app password is called, for its owner to know it by."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LENGTH,
        error_messages={"required": _("Give it a name, to know it by later.")},
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "dir": "auto"}),
    )

    def clean_name(self) -> str:
        """One line."""
        return " ".join(str(self.cleaned_data["name"]).split())
