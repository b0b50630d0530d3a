"""The page inside the sandboxed frame that shows a message's HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.safestring import mark_safe

from accounts.models import Theme, User
from webmail.frame_script import SCRIPT
from webmail.mail_headers import guard_frame

# A constant of ours; the policy of the answer names its hash.
_SCRIPT_ELEMENT: Final = mark_safe(f"<script>{SCRIPT}</script>")  # noqa: S308 # see above
# Nothing that style of a mail says reaches what stands above it on paper: no sheet is stronger than
# what is important in an attribute. Whatever the theme, paper is white.
_PLAIN: Final = (
    "all:initial!important;display:block!important;position:relative!important;"
    "z-index:1!important;background:#fff!important;color:#191e22!important;"
    "font:15px/1.6 Inter,system-ui,sans-serif!important;overflow-wrap:break-word!important;"
)
_SCHEMES: Final[dict[str, str]] = {Theme.SYSTEM: "light dark"}
#: The part of the page that a frame which is there already is given for the next message.
INSIDE: Final = "inside"
_PAPER: Final = {
    name: mark_safe(f'style="{_PLAIN}{more}"')  # noqa: S308 # constants of ours
    for name, more in {
        "page": "",
        "body": "padding:16px 20px 24px!important",
        "head": "padding:0 0 12px!important;border-bottom:1px solid #b4bdc4!important",
        "title": "font-size:20px!important;font-weight:600!important",
    }.items()
}


def inside(user: User, html: str, *, own_colours: bool) -> dict[str, str]:
    """What a frame that is there already is given: HTML that was made harmless, and its colours."""
    is_light = own_colours and not user.dark_mail
    return {"html": html, "scheme": "light" if is_light else _SCHEMES.get(user.theme, user.theme)}


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

    Asked for as ``X-Part: inside`` it is only what differs from one message to the next.

    Mail that brings ``own_colours`` keeps a light page, unless they were adapted. ``paper`` is the
    head of a page to be printed, which is no frame and needs to say nothing of its height.
    """
    said = inside(user, html, own_colours=own_colours)
    if request.headers.get("X-Part") == INSIDE:
        answer: HttpResponse = JsonResponse(said)
        guard_frame(answer, remote_images=remote_images, scripted=paper is None)
        patch_vary_headers(answer, ["X-Part"])
        return answer
    context = {
        "html": html,
        "scheme": "light" if paper is not None else said["scheme"],
        "header": paper,
        "paper": _PAPER,
        "script": "" if paper else _SCRIPT_ELEMENT,
    }
    answer = render(request, "webmail/frame.html", context)
    guard_frame(answer, remote_images=remote_images, scripted=paper is None)
    patch_vary_headers(answer, ["X-Part"])
    return answer
