"""Settings pages that belong to the person rather than to a room."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Density, Layout, Theme
from accounts.services import people
from smtp_accounts.services import identities
from webmail import settings_menu
from webmail.access import person
from webmail.backup_card import card_of
from webmail.dialogs import dialog
from webmail.forms.settings import AccountForm, AppearanceForm
from webmail.keys import GROUPS
from webmail.onward import local_path


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Settings begins with the first page of its menu; what is searched for, with what is found."""
    query = " ".join(request.GET.get("q", "").split())[:100]
    if not query:
        return redirect("settings-account")
    menu = settings_menu.groups(person(request))
    hits = settings_menu.search(menu, query)
    context = {"query": query, "hits": hits, "groups": settings_menu.narrowed(menu, hits)}
    return render(request, "webmail/settings_found.html", context)


@require_safe
def keyboard(request: HttpRequest) -> HttpResponse:
    """The keyboard map."""
    return dialog(request, "webmail/keyboard.html", {"groups": GROUPS})


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember a theme; without a named one, switch between light and dark."""
    user = person(request)
    wanted = request.POST.get("theme", "")
    if wanted not in Theme.values:
        wanted = Theme.LIGHT if user.theme == Theme.DARK else Theme.DARK
    people.save_look(user=user, theme=wanted)
    return redirect(local_path(request, request.POST.get("next", "")))


@require_POST
def set_layout(request: HttpRequest) -> HttpResponse:
    """Remember where messages open and how high the lines of lists are; each only where named."""
    user = person(request)
    layout, density = request.POST.get("layout", ""), request.POST.get("density", "")
    people.save_layout(
        user=user,
        layout=layout if layout in Layout.values else user.layout,
        density=density if density in Density.values else user.density,
    )
    return redirect(local_path(request, request.POST.get("next", "")))


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Name, language, time zone, Default From Address, and how messages leave (A167)."""
    user = person(request)
    choices = identities.send_from(user)
    form = AccountForm(request.POST or None, user=user, identities=choices)
    if request.method != "POST":
        return _account_page(request, form)
    if not form.is_valid():
        return _account_page(request, form, status=422)
    values = form.cleaned_data
    people.save_profile(
        user=user,
        display_name=values["display_name"],
        language=values["language"],
        time_zone=values["time_zone"],
    )
    undo = values["undo_send"]
    people.save_writing(
        user=user,
        undo_send=user.undo_send if undo is None else undo,
        writes_plain=values["writes_plain"],
    )
    chosen = next(one for one in choices if one.key == values["default_from"])
    identities.set_default(user, chosen.identity)
    notes.success(request, _("Saved."))
    return redirect("settings-account")


def _account_page(request: HttpRequest, form: AccountForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "backup": card_of(person(request), now=timezone.now())}
    return render(request, "webmail/settings_account.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def appearance(request: HttpRequest) -> HttpResponse:
    """Theme, density and layout."""
    user = person(request)
    initial = {"theme": user.theme, "density": user.density, "layout": user.layout}
    form = AppearanceForm(request.POST or None, initial=initial)
    if request.method != "POST":
        return render(request, "webmail/settings_appearance.html", {"form": form})
    if not form.is_valid():
        return render(request, "webmail/settings_appearance.html", {"form": form}, status=422)
    values = form.cleaned_data
    people.save_look(user=user, theme=values["theme"])
    people.save_layout(user=user, layout=values["layout"], density=values["density"])
    notes.success(request, _("Saved."))
    return redirect("settings-appearance")
