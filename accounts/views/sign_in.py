"""Sign in and sign out."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from accounts.forms.sign_in import SignInForm
from accounts.services import people


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

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        is_first_time = form.get_user().last_login is None
        answer = super().form_valid(form)
        if is_first_time:
            people.adopt_time_zone(form.get_user(), form.cleaned_data["time_zone"])
            people.adopt_language(form.get_user(), get_language() or "")
        if not form.cleaned_data["remember"]:
            self.request.session.set_expiry(0)
        return answer

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class SignOutView(LogoutView):
    """Ends the session (POST only) and returns to the sign-in page."""

    def post(self, request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        answer = super().post(request, *args, **kwargs)
        # What the browser kept of the mail goes with the session.
        answer["Clear-Site-Data"] = '"cache", "storage"'
        return answer
