"""Forms of the first sign-in, of the backup address, and of an account that is to go."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import backup
from smtp_accounts.models import Identity
from webmail.forms.settings import ZoneField, zones


class BackupField(forms.CharField):
    """An address at another provider."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.EmailInput(
            attrs={
                "class": "input",
                "autocomplete": "email",
                "placeholder": "name@example.org",
                "spellcheck": "false",
            }
        )
        super().__init__(label=_("Backup Email Address"), max_length=254, widget=widget, **kwargs)


def checked(user: User, address: str) -> str:
    """The address as it is stored. Raises ValidationError."""
    own = Identity.objects.filter(user=user).values_list("address", flat=True)
    try:
        return backup.check(user, address, {one.lower() for one in own})
    except backup.BackupRefused as refused:
        raise forms.ValidationError(str(refused)) from refused


class BackupForm(forms.Form):
    """Another backup address."""

    address = BackupField()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean_address(self) -> str:
        """One that leads back in, and is not in force already."""
        address = checked(self._user, self.cleaned_data["address"])
        is_same = address.lower() == self._user.backup_address.lower()
        if is_same and self._user.backup_confirmed_at:
            raise forms.ValidationError(gettext("This is your backup address already."))
        return address


class WelcomeForm(forms.Form):
    """What is asked of somebody who signs in for the first time."""

    backup_address = BackupField(required=False)
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        widget=forms.Select(attrs={"class": "select"}),
    )
    time_zone = ZoneField(
        label=_("Time zone"),
        choices=zones,
        widget=forms.TextInput(
            attrs={
                "class": "input",
                "list": "zones",
                "autocomplete": "off",
                "spellcheck": "false",
                "data-zone": True,
            }
        ),
    )

    def __init__(self, data: QueryDict | None = None, *, user: User) -> None:
        initial = {"language": user.language, "time_zone": user.time_zone}
        super().__init__(data, initial=initial)
        self._user = user
        self.fields["backup_address"].widget.attrs["aria-describedby"] = "backup-help"

    @property
    def zones(self) -> list[str]:
        """The names of all time zones."""
        return [name for name, _shown in zones()]

    def clean_backup_address(self) -> str:
        """One that leads back in; nothing, where the question is put off."""
        given = str(self.cleaned_data["backup_address"])
        if given:
            return checked(self._user, given)
        if "skip" in self.data:
            return ""
        raise forms.ValidationError(
            gettext("Enter an address, or choose “Not now”: you can give one later.")
        )


class DeleteForm(forms.Form):
    """The own address, typed by hand."""

    address = forms.CharField(
        label=_("Your email address"),
        max_length=254,
        widget=forms.TextInput(
            attrs={
                "class": "input",
                "autocomplete": "off",
                "spellcheck": "false",
                "inputmode": "email",
            }
        ),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean_address(self) -> str:
        """The very address of this account."""
        typed = str(self.cleaned_data["address"]).strip().lower()
        if typed != self._user.email:
            told = gettext("Type %(address)s to say that you mean this account.")
            raise forms.ValidationError(told % {"address": self._user.email})
        return typed
