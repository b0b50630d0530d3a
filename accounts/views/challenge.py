"""The challenge on a page: a picture, the same to hear, or a question in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.callers import network_of
from accounts.services import captchas, tries
from accounts.services.captchas import Kind

#: Challenges, drawings and sounds of one network in a stretch: each of them costs some work.
LIMIT, STRETCH = 120, 600


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge as the template shows it; ``question`` is empty for a picture."""

    key: str
    kind: str
    question: str = ""
    can_be_heard: bool = False

    @classmethod
    def of(cls, kind: Kind) -> Self:
        """A new one."""
        key = captchas.make(kind)
        if kind is Kind.QUESTION:
            return cls(key, kind, captchas.question(key))
        return cls(key, kind, can_be_heard=bool(settings.CAPTCHA_FLITE_PATH))


def wanted(request: HttpRequest) -> Kind:
    """Which kind was asked for: by a link, a button, or as it was."""
    asked = request.POST if request.method == "POST" else request.GET
    named = asked.get("again") or asked.get("kind", "")
    return Kind.QUESTION if named == Kind.QUESTION else Kind.PICTURE


def too_many(request: HttpRequest) -> bool:
    """Whether this network has had its share; counts one more."""
    network, now = network_of(request), timezone.now()
    return not tries.allow("challenge", network, limit=LIMIT, seconds=STRETCH, now=now)


@login_not_required
@never_cache
@require_safe
def another(request: HttpRequest) -> HttpResponse:
    """A new challenge in place of the one on the page, where scripts run."""
    if too_many(request):
        return HttpResponse(status=429)
    context = {"challenge": Challenge.of(wanted(request)), "is_new": True}
    return render(request, "accounts/_challenge.html", context)


@login_not_required
@never_cache
@require_safe
def picture(request: HttpRequest, key: str, scale: int = 1) -> HttpResponse:
    """The picture of a challenge; 410 once it was answered."""
    if too_many(request):
        return HttpResponse(status=429)
    # By name: what draws takes memory that most processes never need.
    answer: HttpResponse = import_string("captcha.views.captcha_image")(request, key, scale)
    return answer


@login_not_required
@never_cache
@require_safe
def sound(request: HttpRequest, key: str) -> HttpResponse:
    """The letters of a challenge, spoken on this machine; 404 where it cannot speak."""
    if too_many(request):
        return HttpResponse(status=429)
    answer: HttpResponse = import_string("captcha.views.captcha_audio")(request, key)
    return answer
