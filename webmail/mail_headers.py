"""Response headers for what came from outside (threat model, HTML mail and attachments)."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpResponseBase
from django.utils.http import content_disposition_header

from lib.filenames import safe_filename
from webmail.frame_script import SCRIPT_HASH

SANDBOX: Final = "allow-popups allow-popups-to-escape-sandbox"
#: With it goes a policy that lets one script of ours run and no other; see `frame_script`.
SCRIPTED_SANDBOX: Final = f"{SANDBOX} allow-scripts"
#: Types a browser may show in a page of ours; everything else is only ever saved.
SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def frame_policy(*, remote_images: bool, scripted: bool = False) -> str:
    """The Content-Security-Policy of the frame that shows a message body.

    Pictures from elsewhere come through our own site; straight from where they are only where
    the operator switched that off. ``scripted`` lets our own script say how tall the frame is.
    """
    images = "'self' data:"
    if remote_images and not settings.IMAGE_PROXY:
        images += " https: http:"
    sandbox, script = (SCRIPTED_SANDBOX, SCRIPT_HASH) if scripted else (SANDBOX, "'none'")
    return (
        f"sandbox {sandbox}; default-src 'none'; img-src {images}; style-src 'unsafe-inline'; "
        f"script-src {script}; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )


def guard_frame(answer: HttpResponseBase, *, remote_images: bool, scripted: bool = False) -> None:
    """Headers of the message frame."""
    answer["Content-Security-Policy"] = frame_policy(remote_images=remote_images, scripted=scripted)
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-DNS-Prefetch-Control"] = "off"
    answer["X-Frame-Options"] = "SAMEORIGIN"
    _guard(answer)


def guard_piece(answer: HttpResponseBase) -> None:
    """Headers of an image shown inside the frame. The frame's origin is opaque, so the image
    may be asked for from anywhere; its address is the permission."""
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    _guard(answer)
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"


def guard_download(answer: HttpResponseBase, filename: str) -> None:
    """Headers of a file to be saved, under a harmless name."""
    disposition = content_disposition_header(True, safe_filename(filename))
    answer["Content-Disposition"] = disposition or "attachment"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    _guard(answer)


def _guard(answer: HttpResponseBase) -> None:
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
