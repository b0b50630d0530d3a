"""The notification centre: what needs the person, what fails for long, what works again."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.services import people
from connectivity.notices import told
from connectivity.services import notifications
from webmail.access import person
from webmail.push_card import push_card


@require_safe
def centre(request: HttpRequest) -> HttpResponse:
    """The list, what is open first, and whether mail is wanted."""
    now, user = timezone.now(), person(request)
    listed = [told(row, now=now) for row in notifications.recent(user, now=now)]
    # What waits for the person comes first; the sort keeps the order otherwise.
    now_open = sorted((one for one in listed if not one.is_over), key=lambda one: not one.needs_you)
    context = {
        "now_open": now_open,
        "over": [notice for notice in listed if notice.is_over],
        "unread": any(notice.is_unread for notice in listed),
        "by_mail": user.notice_mail,
        "push": push_card(user),
    }
    return render(request, "webmail/notifications.html", context)


@require_safe
def news(request: HttpRequest) -> JsonResponse:
    """How many are unread, and the newest of them: a page that is open asks now and then."""
    now, user = timezone.now(), person(request)
    newest = notifications.newest_unread(user, now=now)
    if newest is None:
        return JsonResponse({"unread": 0, "at": ""})
    notice = told(newest, now=now)
    return JsonResponse(
        {
            "unread": notifications.unread(user, now=now),
            "at": newest.at.isoformat(),
            "text": notice.title,
            "url": notice.url,
        }
    )


@require_POST
def mark_read(request: HttpRequest) -> HttpResponse:
    """Everything shown so far has been seen."""
    notifications.mark_read(person(request), now=timezone.now())
    if request.headers.get("HX-Request"):  # the page itself, on being looked at
        return HttpResponse(status=204)
    return redirect("notifications")


@require_POST
def by_mail(request: HttpRequest) -> HttpResponse:
    """Whether mail is wanted as well."""
    people.save_notice_mail(user=person(request), wanted="by_mail" in request.POST)
    notes.success(request, _("Saved."))
    return redirect("notifications")
