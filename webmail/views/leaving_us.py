"""Settings, Delete my account; and the offer to keep it, as long as it is there."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.callers import caller_of
from accounts.models import User
from accounts.reauthentication import recent
from connectivity.access import administrator_of
from mailstore.services import usage
from webmail.access import person
from webmail.forms.welcome import DeleteForm
from webmail.onward import local_path
from webmail.services import removing

#: In the session: the page somebody wanted who was led to the offer.
ONWARD = "keep-onward"


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest) -> HttpResponse:
    """Mark the own account for deletion, once its address was typed."""
    user = person(request)
    if user.delete_after is not None:
        return redirect("keep-account")
    if request.method != "POST":
        return _page(request, DeleteForm(user=user))
    form = DeleteForm(request.POST, user=user)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        removing.leave(
            user=user,
            now=timezone.now(),
            session=request.session.session_key,
            caller=caller_of(request),
        )
    except removing.RemovalRefused as refused:
        form.add_error(None, str(refused))
        return _page(request, form, status=422)
    return redirect("keep-account")


def _page(request: HttpRequest, form: DeleteForm, status: int = 200) -> HttpResponse:
    user = person(request)
    context = {"form": form, "used": usage.used(user), "days": removing.GRACE.days}
    return render(request, "webmail/settings_delete.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: HttpRequest) -> HttpResponse:
    """Offer to take the own deletion back, and do it; of an administrator's, tell whose it is."""
    user, now = person(request), timezone.now()
    if "next" in request.GET:
        request.session[ONWARD] = local_path(request, request.GET["next"])
    onward = local_path(request, request.session.get(ONWARD, "/"))
    if user.delete_after is None:
        return redirect(onward)
    context = {"onward": onward}
    if user.delete_marked_by:
        context |= _who_marked(user)
        status = 200 if request.method != "POST" else 403
        return render(request, "webmail/keep_account.html", context, status=status)
    if request.method != "POST":
        return render(request, "webmail/keep_account.html", context)
    if removing.take_back(user=user, by=user, now=now, caller=caller_of(request)):
        notes.success(request, _("Your account stays. Mail is fetched and sent again."))
    else:
        notes.error(request, _("It is too late: this account is being deleted."))
    return redirect(onward)


def _who_marked(user: User) -> dict[str, str]:
    """Who wants this account gone, and the address of whom to ask; "" where an operator knows."""
    by = user.delete_marked_by if user.delete_marked_by != removing.OPERATOR else ""
    nearest = administrator_of(user)
    ask = nearest.email if nearest is not None and nearest.pk != user.pk else ""
    if User.objects.filter(email=by, is_active=True).exists():
        ask = by
    return {"by": by, "ask": ask}
