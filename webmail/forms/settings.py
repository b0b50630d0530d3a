"""Forms of the general settings."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Density, Layout, Theme, User
from lib.forms import OneLineField
from smtp_accounts.services.identities import SendFrom


def zones() -> list[tuple[str, str]]:
    """Every time zone a person may live in, by name."""
    names = sorted(one for one in zoneinfo.available_timezones() if "/" in one or one == "UTC")
    names = [one for one in names if not one.startswith(("Etc/", "SystemV/", "US/"))]
    return [(one, one.replace("_", " ")) for one in names]


class ZoneField(forms.ChoiceField):
    """A time zone, typed or chosen from what the browser finds among all of them."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> str:
        """Zones are named without spaces, and people type some."""
        return "_".join(super().to_python(value).split())


#: Seconds in which a message can be taken back; at most what the database keeps.
UNDO_SECONDS = (0, 5, 10, 15, 20, 30)


class AccountForm(forms.Form):
    """Display name, language, time zone, and how one writes."""

    display_name = OneLineField(label=_("Display name"), max_length=200, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = ZoneField(label=_("Time zone"), choices=zones)
    default_from = forms.ChoiceField(label=_("Default From Address"))
    undo_send = forms.TypedChoiceField(
        label=_("Undo send"), coerce=int, required=False, empty_value=None
    )
    writes_plain = forms.BooleanField(label=_("Write in plain text"), required=False)

    def __init__(
        self, data: QueryDict | None, *, user: User, identities: Sequence[SendFrom]
    ) -> None:
        default = next((one.key for one in identities if one.is_default), "")
        initial = {
            "display_name": user.display_name,
            "language": user.language,
            "time_zone": user.time_zone,
            "default_from": default,
            "undo_send": user.undo_send,
            "writes_plain": user.writes_plain,
        }
        super().__init__(data, initial=initial)
        self.fields["display_name"].widget.attrs = {
            "class": "input",
            "dir": "auto",
            "autocomplete": "name",
        }
        self.fields["time_zone"].widget.attrs = {
            "class": "input",
            "list": "zones",
            "autocomplete": "off",
            "spellcheck": "false",
            "data-zone": True,
        }
        for name in ("default_from", "language", "undo_send"):
            self.fields[name].widget.attrs = {"class": "select"}
        self.fields["writes_plain"].widget.attrs = {"aria-describedby": "id_writes_plain_help"}
        seconds = self.fields["undo_send"]
        assert isinstance(seconds, forms.TypedChoiceField)  # noqa: S101 - declared above
        seconds.choices = [(one, _seconds(one)) for one in sorted({*UNDO_SECONDS, user.undo_send})]
        choice = self.fields["default_from"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 - declared above
        choice.choices = [(one.key, _named(one)) for one in identities]

    @property
    def zones(self) -> list[str]:
        """The names of all time zones."""
        return [name for name, _shown in zones()]

    @property
    def about_you(self) -> list[forms.BoundField]:
        """What other people see, and how things are shown."""
        return [self["display_name"], self["language"], self["time_zone"]]

    @property
    def about_writing(self) -> list[forms.BoundField]:
        """How messages start and leave."""
        return [self["default_from"], self["undo_send"]]


def _named(one: SendFrom) -> str:
    """An address in a list, with the reason where nothing can be sent from it at present."""
    return f"{one.label} ({one.disabled_reason})" if one.disabled_reason else one.label


def _seconds(count: int) -> str:
    if not count:
        return gettext("Off: messages leave at once")
    return ngettext("%(n)d second", "%(n)d seconds", count) % {"n": count}


class AppearanceForm(forms.Form):
    """Theme, density, and where messages open."""

    theme = forms.ChoiceField(label=_("Theme"), choices=Theme.choices, widget=forms.RadioSelect)
    density = forms.ChoiceField(
        label=_("Density"), choices=Density.choices, widget=forms.RadioSelect
    )
    layout = forms.ChoiceField(
        label=_("Open messages"), choices=Layout.choices, widget=forms.RadioSelect
    )
