"""Filters that send mail on are saved only by whoever has just proved who they are: whoever gets
into an account reads on by such a filter after the password was changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts.reauthentication import is_proved
from filtering.actions import Action, Do
from filtering.models import Filter
from filtering.services import filters
from filtering.services.filters import Wanted
from filtering.services.sieve import Looked
from webmail.forms.filters import FilterForm

#: What was typed, in the session, while its writer proves who they are.
KEPT: Final = "filter-kept"
_FLAG: Final = "kept"


def is_needed(request: HttpRequest, wanted: Wanted, row: Filter | None) -> bool:
    """Whether a filter would send mail to where it did not before, and nobody proved lately who
    they are. ``row`` is the filter as it is."""
    before = _targets(filters.wanted_of(row)) if row is not None else set()
    return bool(_targets(wanted) - before) and not is_proved(request, timezone.now())


def _targets(wanted: Wanted) -> set[str]:
    return {str(one.target) for one in wanted.actions if _sends(one)} if wanted.is_on else set()


def _sends(one: Action) -> bool:
    return one.do == Do.FORWARD


def sends(actions: Iterable[Action]) -> bool:
    """Whether one of them sends mail on."""
    return any(_sends(one) for one in actions)


def ask(request: HttpRequest, address: str) -> HttpResponse:
    """To where one proves who one is, and back to the form at ``address`` with all that was typed;
    nothing is saved yet."""
    typed = request.POST.copy()
    typed.pop("csrfmiddlewaretoken", None)
    request.session[KEPT] = [address, typed.urlencode()]
    back = f"{address}?{_FLAG}=1"
    return redirect(f"{reverse('prove')}?{urlencode({'next': back})}")


def kept(request: HttpRequest, address: str) -> FilterForm | None:
    """What was typed into the form at ``address`` before that, once."""
    if _FLAG not in request.GET:
        return None
    where, typed = request.session.pop(KEPT, None) or ("", "")
    return FilterForm.sent(QueryDict(typed)) if where == address else None


def switched_off(found: Looked) -> Looked:
    """What a script would bring, with all that sends mail on switched off."""
    return replace(
        found,
        filters=tuple(
            replace(one, is_on=False) if sends(one.actions) else one for one in found.filters
        ),
    )
