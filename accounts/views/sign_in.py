"""Sign in and sign out."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language

from accounts import entering
from accounts.callers import caller_of, network_of
from accounts.forms.sign_in import SignInForm
from accounts.models import User
from accounts.services import doors, second_factor


class SignInView(LoginView):
    """The sign-in page. A failed try answers 422 with what was typed, never the password."""

    form_class = SignInForm
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        if request.headers.get("HX-Request") == "true":
            # A part of a page was asked for after the session had ended: the page as a whole is to
            # sign in, not to hold this one.
            return HttpResponse(headers={"HX-Refresh": "true"})
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        name = request.POST.get("username", "").strip().lower()
        if doors.are_closed(name, network_of(request), timezone.now()):
            return render(request, "accounts/locked.html", status=429)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user, now = form.get_user(), timezone.now()
        assert isinstance(user, User)  # noqa: S101 - the form has found one
        wishes = entering.Wishes(
            remember=form.cleaned_data["remember"],
            time_zone=form.cleaned_data["time_zone"],
            language=get_language() or "",
            onward=self.get_redirect_url(),
        )
        if second_factor.is_on(user):
            entering.wait(self.request, user, wishes, now)
            return redirect("sign-in-second")
        return entering.enter(self.request, user, wishes, now)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        name = form.cleaned_data.get("username", "")
        if name and "password" in form.cleaned_data:
            doors.failed(
                name=name,
                network=network_of(self.request),
                caller=caller_of(self.request),
                locked=bool(getattr(self.request, "axes_locked_out", False)),
                now=timezone.now(),
            )
        if isinstance(form, SignInForm):
            form.lead_back()
        return self.render_to_response(self.get_context_data(form=form), status=422)


class SignOutView(LogoutView):
    """Ends the session (POST only) and returns to the sign-in page."""

    def post(self, request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        entering.leave(request)
        answer = super().post(request, *args, **kwargs)
        # What the browser kept of the mail goes with the session.
        answer["Clear-Site-Data"] = '"cache", "storage"'
        return answer
