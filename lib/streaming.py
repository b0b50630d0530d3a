"""Answers sent piece by piece under either kind of server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse


def stream(
    request: HttpRequest, chunks: Iterator[bytes], content_type: str
) -> StreamingHttpResponse:
    """A streamed answer. Under ASGI the chunks are drawn in a thread, one at a time: Django
    would otherwise collect a synchronous iterator whole."""
    if isinstance(request, ASGIRequest):
        return StreamingHttpResponse(_drawn(chunks), content_type=content_type)
    return StreamingHttpResponse(chunks, content_type=content_type)


async def _drawn(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    def draw() -> bytes | None:
        return next(chunks, None)

    in_thread = sync_to_async(draw, thread_sensitive=False)
    while (chunk := await in_thread()) is not None:
        yield chunk
