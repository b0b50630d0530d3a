"""Answers that give a part of something, as players ask for when one jumps ahead (RFC 9110, 14)."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse

_ONE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})\Z")


def ranged(request: HttpRequest, data: bytes, content_type: str) -> HttpResponse:
    """The bytes, or the one range of them that is asked for; several at once are given whole."""
    asked = _ONE.match(request.headers.get("Range", ""))
    if asked is None or asked[0] == "bytes=-":
        return _accepting(HttpResponse(data, content_type=content_type))
    if asked[1]:
        start = int(asked[1])
        end = min(int(asked[2]), len(data) - 1) if asked[2] else len(data) - 1
    else:
        start, end = max(0, len(data) - int(asked[2])), len(data) - 1
    if start > end:
        answer = HttpResponse(status=416)
        answer["Content-Range"] = f"bytes */{len(data)}"
        return _accepting(answer)
    answer = HttpResponse(data[start : end + 1], status=206, content_type=content_type)
    answer["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
    return _accepting(answer)


def _accepting(answer: HttpResponse) -> HttpResponse:
    answer["Accept-Ranges"] = "bytes"
    return answer
