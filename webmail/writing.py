"""A compose window, ready for its template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import User
from lib.moments import moment
from mailstore.mime import Part
from smtp_accounts.models import Draft
from smtp_accounts.services import identities, replies
from smtp_accounts.services.identities import SendFrom
from smtp_accounts.services.replies import Start
from webmail.letter import File, file_of

FIELDS = ("to", "cc", "bcc", "subject", "body", "kind")


@dataclass(frozen=True)
class Window:
    """One window: what its fields hold, and what has to be said about them.

    `question` is one of "subject" and "attachment": something that may have been forgotten.
    """

    key: UUID
    values: Mapping[str, Any]
    sender: str
    reason: str
    identities: Sequence[SendFrom]
    version: int = 0
    saved: str = ""
    files: Sequence[tuple[int, File]] = ()
    parts: Sequence[Part] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    question: str = ""
    conflict: bool = False

    @property
    def chosen(self) -> SendFrom | None:
        return next((one for one in self.identities if one.key == self.sender), None)

    @property
    def max_bytes(self) -> int:
        return replies.max_bytes()


def of_start(user: User, key: UUID, start: Start) -> Window:
    """A window nobody has typed in yet."""
    values = {name: getattr(start.values, name) for name in FIELDS}
    original = start.values.original
    return Window(
        key=key,
        values={**values, "original": original.pk if original else ""},
        sender=start.chosen.send_from.key,
        reason=start.chosen.sentence,
        identities=identities.send_from(user),
        parts=start.parts,
    )


def of_draft(draft: Draft, **said: Any) -> Window:
    """A saved draft; `said` is what the window has to say about it."""
    values = {name: getattr(draft, name) for name in FIELDS}
    return Window(
        key=draft.key,
        values={**values, "original": draft.original_id or ""},
        sender=str(draft.identity_id),
        reason="",
        identities=identities.send_from(draft.user, also=draft.identity),
        version=draft.version,
        saved=moment(draft.changed_at, now=timezone.now()),
        files=files_of(draft),
        **said,
    )


def of_posted(user: User, key: UUID, posted: Mapping[str, Any], **said: Any) -> Window:
    """What a browser sent, shown again as it was."""
    return Window(
        key=key,
        values={name: posted.get(name, "") for name in (*FIELDS, "original")},
        sender=posted.get("sender", ""),
        reason="",
        identities=identities.send_from(user),
        **said,
    )


def files_of(draft: Draft) -> list[tuple[int, File]]:
    """The draft's files with their ids."""
    return [
        (one.pk, file_of(one.pk, one.filename, one.content_type, one.size, ""))
        for one in draft.attachments.order_by("pk")
    ]


def show(request: HttpRequest, window: Window, *, status: int = 200) -> HttpResponse:
    """The window alone for a script, a page of its own for everybody else."""
    part = request.headers.get("X-Part") == "window"
    template = "webmail/_compose_window.html" if part else "webmail/compose.html"
    answer = render(request, template, {"window": window, "is_page": not part}, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
