"""The page inside the sandboxed frame that shows a message's HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe

from accounts.models import User
from webmail.frame_script import SCRIPT
from webmail.mail_headers import guard_frame

# A constant of ours; the policy of the answer names its hash.
_SCRIPT_ELEMENT: Final = mark_safe(f"<script>{SCRIPT}</script>")  # noqa: S308 # see above


def frame_page(
    request: HttpRequest,
    user: User,
    html: str,
    *,
    own_colours: bool,
    remote_images: bool = False,
    paper: Mapping[str, str] | None = None,
) -> HttpResponse:
    """HTML that was made harmless, as a page with the policy that holds without that.

    Mail that brings ``own_colours`` keeps a light page, unless they were adapted. ``paper`` is the
    head of a page to be printed, which is no frame and needs to say nothing of its height.
    """
    context = {
        "html": html,
        "is_light": own_colours and not user.dark_mail,
        "theme": user.theme,
        "header": paper,
        "script": "" if paper else _SCRIPT_ELEMENT,
    }
    answer = render(request, "webmail/frame.html", context)
    guard_frame(answer, remote_images=remote_images, scripted=paper is None)
    return answer
