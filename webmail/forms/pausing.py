"""What an administrator says when everybody's tasks at one provider are to wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

HOURS: Final = (
    ("1", _("For an hour")),
    ("4", _("For four hours")),
    ("12", _("For twelve hours")),
    ("24", _("For a day")),
    ("72", _("For three days")),
    ("168", _("For a week")),
)


class PauseForm(forms.Form):
    """Why, and for how long."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Everybody concerned reads it at their task, for example: Yahoo is down."),
        error_messages={"required": _("Say why: it is told to the people concerned.")},
    )
    hours = forms.ChoiceField(label=_("How long"), choices=HOURS, initial="4")

    @property
    def length(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["hours"]))
