"""Settings > Junk mail, of a person or of a domain; and a message's sender blocked or allowed."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from filtering.services import policies, senders, training
from filtering.services.senders import SendersRefused
from webmail import undoing
from webmail.access import message_for, person
from webmail.dialogs import dialog, go_to
from webmail.forms.junk import JunkForm, SendersForm, told
from webmail.junk_place import Place
from webmail.onward import local_path


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, place: Place) -> HttpResponse:
    """What is done about junk mail, senders, and what was learned."""
    form = JunkForm(request.POST or None, owner=place.owner)
    if request.method != "POST":
        return _page(request, place, form, SendersForm())
    if not form.is_valid():
        return _page(request, place, form, SendersForm(), 422)
    policies.save(place.owner, form.said, actor=place.actor, now=timezone.now())
    notes.success(request, _("Saved."))
    return redirect(place.url())


def _page(
    request: HttpRequest, place: Place, form: JunkForm, adding: SendersForm, status: int = 200
) -> HttpResponse:
    spam, ham = training.learned(place.owner)
    context = {
        "place": place,
        "form": form,
        "adding": adding,
        "senders": senders.listed(place.owner),
        "spam": spam,
        "ham": ham,
        "waiting": 0 if place.domain else training.waiting([place.actor]),
    }
    return render(request, "webmail/junk/page.html", context, status=status)


@require_POST
def add(request: HttpRequest, place: Place) -> HttpResponse:
    """Block or allow senders."""
    form = SendersForm(request.POST)
    if form.is_valid():
        named, allowed = form.cleaned_data["lines"], form.cleaned_data["do"] == "allow"
        try:
            count = senders.add(
                place.owner, named, allowed=allowed, actor=place.actor, now=timezone.now()
            )
        except SendersRefused as refused:
            form.add_error("lines", told(refused))
        else:
            notes.success(request, _added(count, allowed=allowed))
            return redirect(f"{place.url()}#senders")
    return _page(request, place, JunkForm(owner=place.owner), form, 422)


def _added(count: int, *, allowed: bool) -> str:
    if not count:
        return _("That is so already.")
    if allowed:
        return ngettext("%d sender is allowed.", "%d senders are allowed.", count) % count
    return ngettext("%d sender is blocked.", "%d senders are blocked.", count) % count


@require_POST
def remove(request: HttpRequest, place: Place) -> HttpResponse:
    """Have no rule about a sender any more; with a way back."""
    there = {one.sender: one for one in senders.listed(place.owner)}
    found = there.get(request.POST.get("sender", ""))
    if found is None:
        # Removed already, here or in another window.
        return redirect(f"{place.url()}#senders")
    senders.remove(place.owner, [found.sender], actor=place.actor, now=timezone.now())
    domain = place.domain.pk if place.domain else None
    step = ["sender-gone", domain, found.sender, found.is_allowed]
    text = _("There is no rule about %s any more.") % found.sender
    notes.success(request, text, extra_tags=undoing.token(place.actor, [step]))
    return redirect(f"{place.url()}#senders")


@require_http_methods(["GET", "HEAD", "POST"])
def forget(request: HttpRequest, place: Place) -> HttpResponse:
    """Forget what was learned, once that is confirmed."""
    if request.method != "POST":
        spam, ham = training.learned(place.owner)
        context = {"place": place, "count": spam + ham}
        return dialog(request, "webmail/junk/forget.html", context)
    training.forget(place.owner, actor=place.actor, now=timezone.now())
    notes.success(request, _("Forgotten. It is learned anew from what is moved to Junk and back."))
    return go_to(request, f"{place.url()}#learned")


@require_POST
def sender(request: HttpRequest, pk: int, do: str) -> HttpResponse:
    """Block or allow who a message is from, or all of their domain."""
    user = person(request)
    found = message_for(user, pk)
    address = found.from_address.casefold()
    if do not in ("block", "allow") or "@" not in address:
        raise Http404
    whole = request.POST.get("whom") == "domain"
    name = "@" + address.rpartition("@")[2] if whole else address
    before = senders.about(user, name)
    try:
        senders.add(user, [name], allowed=do == "allow", actor=user, now=timezone.now())
    except SendersRefused as refused:
        notes.error(request, told(refused))
        return redirect(local_path(request, request.POST.get("next", "")))
    text = _("From now on, mail from %s goes to Junk.") if do == "block" else _(
        "From now on, mail from %s is not taken for junk."
    )  # fmt: skip
    step = ["sender-new", name, before]
    notes.success(request, text % name, extra_tags=undoing.token(user, [step]))
    return redirect(local_path(request, request.POST.get("next", "")))
