"""The form of how messages are shown."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import RemoteImages


class ReadingForm(forms.Form):
    """When remote images load, and what becomes of colours on dark pages."""

    remote_images = forms.ChoiceField(
        label=_("Remote images"), choices=RemoteImages.choices, widget=forms.RadioSelect
    )
    dark_mail = forms.BooleanField(label=_("Change colours for dark pages"), required=False)
