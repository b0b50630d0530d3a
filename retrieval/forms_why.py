"""What a person types to find out about a message."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from retrieval.services.why import TEXT_CAP


class WhyForm(forms.Form):
    """Words of the message, the day it came, or both."""

    q = forms.CharField(
        label=_("Subject, sender or Message-ID"),
        required=False,
        max_length=TEXT_CAP,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "dir": "auto"}),
    )
    day = forms.DateField(
        label=_("Arrived about"),
        required=False,
        help_text=_("A day to either side counts too."),
        widget=forms.DateInput(attrs={"class": "input", "type": "date"}, format="%Y-%m-%d"),
    )

    def clean(self) -> dict[str, Any]:
        """Something has to be looked for."""
        found = super().clean() or self.cleaned_data
        text = "".join(char if char.isprintable() else " " for char in found.get("q") or "")
        found["q"] = text.strip()
        if not self.errors and not found["q"] and not found.get("day"):
            self.add_error("q", _("Enter a word of the subject, the sender, or a day."))
        return found
