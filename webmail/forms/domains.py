"""A new domain."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from webmail.names import LONGEST


class DomainForm(forms.Form):
    """Its name; whether it is one, the service that makes it says."""

    name = forms.CharField(
        label=_("Name of the domain"),
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"placeholder": "example.org"}),
        help_text=_("What stands behind the @ of all addresses in it. It cannot be renamed."),
        error_messages={"required": _("Enter the name of the domain.")},
    )
