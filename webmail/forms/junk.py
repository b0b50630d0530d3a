"""The forms of what is done about junk mail, and of senders that are allowed or blocked."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from accounts.models import Domain, User
from filtering.models import SpamAction
from filtering.services import policies, senders
from filtering.services.policies import Policy
from filtering.services.senders import SendersRefused

#: How strict, in words, and from how many points mail is junk then.
STRICT: Final[dict[float, str | Promise]] = {
    8.0: gettext_lazy("Only what is surely junk"),
    5.0: pgettext_lazy("how strict", "Medium"),
    3.5: gettext_lazy("Strict: some good mail may be taken for junk"),
}
DAYS: Final = (7, 14, 30, 60, 90, 180)
ACTIONS: Final[dict[str, str | Promise]] = {
    SpamAction.JUNK: gettext_lazy("Move it to Junk"),
    SpamAction.MARK: gettext_lazy("Leave it where it comes in, with a warning"),
    SpamAction.NONE: gettext_lazy("Leave it, and say nothing"),
}
_SHOWN: Final = 5


class JunkForm(forms.Form):
    """Each choice may be left to who stands above: a person's to the domain, a domain's to us."""

    is_on = forms.ChoiceField(label=gettext_lazy("Look for junk mail"), required=False)
    threshold = forms.ChoiceField(label=gettext_lazy("How strict"), required=False)
    action = forms.ChoiceField(label=gettext_lazy("What happens to junk mail"), required=False)
    junk_days = forms.ChoiceField(label=gettext_lazy("Empty the Junk folder"), required=False)

    def __init__(self, data: Any = None, *, owner: User | Domain) -> None:
        row, above = policies.own(owner), policies.inherited(owner)
        names = ("is_on", "threshold", "action", "junk_days")
        super().__init__(data, initial={name: _typed(getattr(row, name)) for name in names})
        self._offer(above, row.threshold, is_domain=isinstance(owner, Domain))

    def _offer(self, above: Policy, own: float | None, *, is_domain: bool) -> None:
        points = dict(STRICT)
        if own is not None:
            points.setdefault(own, _("As it was set"))
        choices: dict[str, list[tuple[str, str]]] = {
            "is_on": [("1", _("On")), ("0", _("Off"))],
            "threshold": [(_typed(key), _points(words, key)) for key, words in points.items()],
            "action": [(str(key), str(words)) for key, words in ACTIONS.items()],
            "junk_days": [(str(days), _days(days)) for days in (*DAYS, 0)],
        }
        holds = {
            "is_on": _("On") if above.is_on else _("Off"),
            "threshold": _points(STRICT.get(above.threshold, _("As it was set")), above.threshold),
            "action": str(ACTIONS[above.action]),
            "junk_days": _days(above.junk_days),
        }
        inherited = _("Default: %s") if is_domain else _("As the domain: %s")
        for name, offered in choices.items():
            field = self.fields[name]
            first = ("", inherited % holds[name])
            field.widget = forms.Select(attrs={"class": "select"}, choices=[first, *offered])
            field.choices = [first, *offered]  # type: ignore[attr-defined] # of a ChoiceField

    @property
    def said(self) -> dict[str, bool | float | str | int | None]:
        """What was chosen, once the form is valid; None: left to who stands above."""
        found = self.cleaned_data
        return {
            "is_on": found["is_on"] == "1" if found["is_on"] else None,
            "threshold": float(found["threshold"]) if found["threshold"] else None,
            "action": found["action"] or None,
            "junk_days": int(found["junk_days"]) if found["junk_days"] else None,
        }


def _typed(value: bool | float | str | None) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _points(words: str | Promise, points: float) -> str:
    return _("%(words)s (from %(points)s points)") % {"words": words, "points": f"{points:g}"}


def _days(days: int) -> str:
    if not days:
        return _("Never by itself")
    return ngettext("After %(days)d day", "After %(days)d days", days) % {"days": days}


class SendersForm(forms.Form):
    """Addresses and domains, one a line, and whether they are blocked or allowed."""

    lines = forms.CharField(
        label=gettext_lazy("Addresses or domains, one a line"),
        max_length=500_000,
        widget=forms.Textarea(
            attrs={"class": "input", "rows": 3, "dir": "ltr", "spellcheck": "false"}
        ),
        error_messages={"required": gettext_lazy("Enter an address or a domain.")},
    )
    do = forms.ChoiceField(
        label=gettext_lazy("What happens to their mail"),
        choices=[
            ("block", gettext_lazy("Block: their mail goes to Junk")),
            ("allow", gettext_lazy("Allow: their mail is no junk")),
        ],
        widget=forms.RadioSelect,
        initial="block",
    )

    def clean_lines(self) -> list[str]:
        """The senders that are named."""
        try:
            return senders.read(self.cleaned_data["lines"])
        except SendersRefused as refused:
            raise forms.ValidationError(told(refused)) from None


def told(refused: SendersRefused) -> str:
    """Why senders were not taken."""
    if not refused.lines:
        return (
            _("There can be %d senders at most. Remove some first, or name whole domains.")
            % senders.MOST
        )
    shown = ", ".join(f"“{one}”" for one in refused.lines[:_SHOWN])
    more = len(refused.lines) - _SHOWN
    if more > 0:
        words = _("These are neither addresses nor domains: %(lines)s and %(count)d more.")
        return words % {"lines": shown, "count": more}
    words = _(
        "Neither an address nor a domain: %s. Write them like ada@example.org or example.org."
    )
    return words % shown
