"""Answers made smaller on their way, where nobody can learn from how small they become.

What is compressed together tells by its length how much of it is alike (the attack named BREACH):
who may put words of his own into an answer finds out about the rest of it. So this is for lists
only. They hold no secrets but the token against forgery, which Django masks anew each time; what
stands in an address is part of an answer only where our own script asked, which says so in a header
that no page of another site can send; and the length of each answer is a little wrong. The pane
of a message and its frame, where somebody else's words stand beside signed addresses, go as they
are.
"""

from __future__ import annotations

import gzip
import re
import secrets
from io import BytesIO
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

#: Bytes; less than this fits one packet as it is.
LEAST: Final = 1_200
#: Bytes at most that each answer is longer than it has to be.
PADDING: Final = 120
_TAKES_IT: Final = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")


def squeeze(request: HttpRequest, answer: HttpResponse) -> None:
    """Compress the body of an answer (RFC 9110, section 8.4.1.3) where the browser takes that."""
    patch_vary_headers(answer, ["Accept-Encoding"])
    if request.META.get("QUERY_STRING") and not _is_ours(request):
        return
    if not _TAKES_IT.search(request.headers.get("Accept-Encoding", "")):
        return
    if answer.status_code != 200 or len(answer.content) < LEAST:
        return
    answer.content = _gzipped(answer.content)
    answer["Content-Encoding"] = "gzip"
    # CommonMiddleware counts bytes only where nobody did.
    answer["Content-Length"] = str(len(answer.content))


def _is_ours(request: HttpRequest) -> bool:
    return "X-Part" in request.headers or "X-Known" in request.headers


def _gzipped(body: bytes) -> bytes:
    """The fastest level: half a millisecond for a page. The name in the header (RFC 1952) is of
    random length."""
    buffer = BytesIO()
    name = "a" * secrets.randbelow(PADDING)
    with gzip.GzipFile(name, "wb", compresslevel=1, fileobj=buffer, mtime=0) as file:
        file.write(body)
    return buffer.getvalue()
