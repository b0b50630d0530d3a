"""Speak each person's language, count in their time zone, leave their pages in no cache."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.middleware import get_user
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation

from accounts import acting, entering, given, refusals
from accounts.zones import zone_of


class PersonalMiddleware:
    """Activate the signed-in user's language and time zone for the length of a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # The person instead of Django's promise of one, which costs at each look at it.
        request.user = user = get_user(request)
        if not user.is_authenticated or not entering.goes_on(request, user, timezone.now()):
            return self.get_response(request)
        if user.password_is_given and (elsewhere := given.first_of_all(request)):
            return elsewhere
        speaking = translation.override(user.language)
        with acting.serving(request), speaking, timezone.override(zone_of(user.time_zone)):
            request.LANGUAGE_CODE = translation.get_language()
            answer = self.get_response(request)
            refusals.note(request, user, answer)
            answer.headers["Content-Language"] = translation.get_language()
            # Mail and settings stay in no cache of a shared computer (OWASP ASVS 14.3.2).
            answer.headers.setdefault("Cache-Control", "no-store")
            # The one exception, for reading without a network: our service worker, on a device of
            # which its owner said that it is theirs. It clears what it kept for anybody else.
            if not request.session.get_expire_at_browser_close():
                answer.headers["X-Kept-For"] = str(user.pk)
            return answer
