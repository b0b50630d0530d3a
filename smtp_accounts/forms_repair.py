"""What a person types to mend an account."""

from __future__ import annotations

from django import forms

from lib.forms import PasswordField


class PasswordForm(forms.Form):
    """A new password for an account whose old one is no longer accepted."""

    password = PasswordField()
