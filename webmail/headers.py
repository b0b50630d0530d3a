"""Response headers that every answer has, whatever made it; docs/security.md says why.

Pages set what is particular to them first; here only what is missing is added, so that a new view,
an error page and a file of ours are guarded without anybody thinking of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

CSP: Final = "Content-Security-Policy"
#: Where a policy of content says nothing about it: these do not fall back on ``default-src``.
CLOSED: Final = {"base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'"}
#: Of answers that are no pages: files of ours, streams.
NOTHING: Final = "; ".join(
    ["default-src 'none'", *(f"{name} {value}" for name, value in CLOSED.items())]
)
# What a page of ours may ask of a browser, and what none may; a frame with mail never has any.
_ASKED: Final = (
    "clipboard-write", "fullscreen", "publickey-credentials-create", "publickey-credentials-get",
)  # fmt: skip
_NEVER: Final = (
    "accelerometer", "autoplay", "bluetooth", "browsing-topics", "camera", "clipboard-read",
    "cross-origin-isolated", "display-capture", "encrypted-media", "gamepad", "geolocation",
    "gyroscope", "hid", "identity-credentials-get", "idle-detection", "keyboard-map",
    "local-fonts", "magnetometer", "microphone", "midi", "otp-credentials", "payment",
    "picture-in-picture", "screen-wake-lock", "serial", "storage-access", "sync-xhr", "usb",
    "window-management", "xr-spatial-tracking",
)  # fmt: skip
#: W3C Permissions Policy: name by name, as there is no way to deny all.
PERMISSIONS: Final = ", ".join(
    [*(f"{name}=(self)" for name in _ASKED), *(f"{name}=()" for name in _NEVER)]
)
#: Of every answer, also of those that never pass Django.
ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: Of whole pages: nothing else has a window. Parts of pages, which are many, travel lighter.
PAGES: Final = {"Origin-Agent-Cluster": "?1", "Permissions-Policy": PERMISSIONS}


def transport() -> str:
    """The value of Strict-Transport-Security (RFC 6797); empty where people come over http."""
    if not settings.SECURE_HSTS_SECONDS:
        return ""
    words = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        words.append("includeSubDomains")
    if settings.SECURE_HSTS_PRELOAD:
        words.append("preload")
    return "; ".join(words)


def is_page(request: HttpRequest, answer: HttpResponseBase) -> bool:
    """Whether a browser makes a document of it, rather than a part of one."""
    asked = request.headers
    is_part = asked.get("HX-Request") == "true" or "X-Part" in asked
    return not is_part and answer.headers.get("Content-Type", "").startswith("text/html")


class HeadersMiddleware:
    """Adds what an answer lacks. It stands outside of all others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        for name, value in ALWAYS.items():
            answer.headers.setdefault(name, value)
        if is_page(request, answer):
            for name, value in PAGES.items():
                answer.headers.setdefault(name, value)
        answer.headers.setdefault(CSP, NOTHING)
        policy = answer.headers[CSP]
        missing = [f"; {name} {value}" for name, value in CLOSED.items() if name not in policy]
        if missing:
            answer.headers[CSP] = policy.rstrip("; ") + "".join(missing)
        # Files of ours say how long they may be kept; nothing else is kept unless it says so, and
        # an error or a way on never is: a cache must not give one person's to another.
        if answer.status_code != 304:
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer
