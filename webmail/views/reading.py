"""Settings: how messages are shown, and whose remote images load at once."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.services import people
from mailstore.services import trusting
from webmail.access import person
from webmail.forms.reading import ReadingForm


@require_http_methods(["GET", "HEAD", "POST"])
def reading(request: HttpRequest) -> HttpResponse:
    """Remote images, trusted senders, colours."""
    user = person(request)
    initial = {"remote_images": user.remote_images, "dark_mail": user.dark_mail}
    form = ReadingForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        people.save_remote_images(user=user, when=form.cleaned_data["remote_images"])
        people.save_dark_mail(user=user, wanted=form.cleaned_data["dark_mail"])
        notes.success(request, _("Saved."))
        return redirect("settings-reading")
    context = {"form": form, "trusted": trusting.listed(user)}
    status = 422 if request.method == "POST" else 200
    return render(request, "webmail/settings_reading.html", context, status=status)


@require_POST
def distrust(request: HttpRequest, pk: int) -> HttpResponse:
    """Load the images of a sender only when asked again."""
    if not trusting.forget(person(request), pk):
        raise Http404
    notes.success(request, _("Removed. Images of this sender wait until you load them."))
    return redirect("settings-reading")
