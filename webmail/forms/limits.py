"""The form of an administrator's limits, in the units people think in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Domain, User
from accounts.services import limits
from accounts.services.limits import Held
from webmail import limit_words

#: How many of what is stored (bytes, seconds) one of what is typed stands for.
UNITS: Final[Mapping[str, int]] = {
    "tasks": 1,
    "interval": 60,
    "message_size": 1024**2,
    "daily_sends": 1,
    "quota": 1024**3,
}
_WHOLE = frozenset({"tasks", "daily_sends"})
_MOST = Decimal(1_000_000)
_THOUSANDTH = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Line:
    """One limit of the form: its field, what it is about, what holds and who said so."""

    name: str
    field: BoundField
    help: str | Promise
    unit: str | Promise
    holds: str
    origin: str
    is_set: bool


class LimitsForm(forms.Form):
    """A field for each limit; left empty, nothing is limited on this level."""

    tasks = forms.DecimalField(label=gettext_lazy("Retrieval tasks of a person"))
    interval = forms.DecimalField(label=gettext_lazy("Time between automatic retrievals"))
    message_size = forms.DecimalField(label=gettext_lazy("Size of a message that is sent"))
    daily_sends = forms.DecimalField(label=gettext_lazy("Messages a person sends in 24 hours"))
    quota = forms.DecimalField(label=gettext_lazy("Space of a person"))

    def __init__(
        self, data: QueryDict | None = None, *, domain: Domain | None, by: User | None = None
    ) -> None:
        self.domain = domain
        self.is_ceiling = limits.is_ceiling(domain, by)
        self.key = domain.pk if domain else None
        self.own = limits.own(self.key, ceiling=self.is_ceiling)
        initial = {name: _typed(name, getattr(self.own, name)) for name in limits.NAMES}
        super().__init__(data, initial=initial)
        for name, field in self.fields.items():
            self._prepare(name, field)

    def _prepare(self, name: str, field: forms.Field) -> None:
        field.required = False
        mode = "numeric" if name in _WHOLE else "decimal"
        looks = {"class": "input", "inputmode": mode, "autocomplete": "off"}
        field.widget = forms.TextInput(attrs={**looks, "aria-describedby": f"d-{name} h-{name}"})

    def clean(self) -> dict[str, Any]:
        """Say at each field why it cannot be so."""
        values = dict(super().clean() or {})
        for name in limits.NAMES:
            typed = None if name in self.errors else values.get(name)
            problem = "" if typed is None else self._problem(name, typed)
            if problem:
                self.add_error(name, problem)
        return values

    def _problem(self, name: str, typed: Decimal) -> str:
        least = limits.LEAST[name]
        if not typed.is_finite() or typed > _MOST:
            return _("This is more than can be entered.")
        if name in _WHOLE and typed != int(typed):
            return _("Enter a whole number.")
        stored = _stored(name, typed)
        if stored < least:
            words = _("Enter at least %(least)s, or leave it empty for no limit here.")
            return words % {"least": limit_words.value(name, least)}
        above = limits.above(self.key, ceiling=self.is_ceiling)[name]
        if above.value is not None and limits.stricter(name, stored, above.value) != stored:
            return limit_words.looser(name, above)
        return ""

    @property
    def held(self) -> Held:
        """What the form says, once it is valid."""
        return Held(**{name: self._said(name) for name in limits.NAMES})

    def _said(self, name: str) -> int | None:
        typed = self.cleaned_data[name]
        if str(self.data.get(name, "")).strip() == self.initial[name]:
            # What was not touched stays to the byte: it is shown rounded.
            stored: int | None = getattr(self.own, name)
            return stored
        return None if typed is None else _stored(name, typed)

    def lines(self) -> Iterator[Line]:
        """The limits in their order, with what holds for the people of this level now."""
        holding = limits.explained(self.key)
        # Whoever sets them for the domain can take away what it set itself.
        below = limits.own(self.key) if self.is_ceiling else self.own
        for name in limits.NAMES:
            found = holding[name]
            yield Line(
                name=name,
                field=self[name],
                help=limit_words.HELP[name],
                unit=limit_words.UNIT[name],
                holds=limit_words.value(name, found.value),
                origin=limit_words.origin(found.origin, own=self.domain is None),
                is_set=getattr(self.own, name) is not None or getattr(below, name) is not None,
            )


def _stored(name: str, typed: Decimal) -> int:
    return int(typed * UNITS[name])


def _typed(name: str, stored: int | None) -> str:
    if stored is None:
        return ""
    figure = (Decimal(stored) / UNITS[name]).quantize(_THOUSANDTH)
    return f"{figure:f}".rstrip("0").rstrip(".")
