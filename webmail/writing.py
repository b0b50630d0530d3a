"""A compose window, ready for its template."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from lib.moments import moment
from mailstore.mime import Part
from smtp_accounts import outgoing_html
from smtp_accounts.models import Draft, DraftKind, Importance
from smtp_accounts.rules import Reason
from smtp_accounts.services import guarding, identities, signatures, sizes
from smtp_accounts.services.identities import Chosen, SendFrom
from smtp_accounts.services.replies import Start
from smtp_accounts.services.sizes import Limit
from webmail import coming, later, linking, sender_list
from webmail.files import File, file_of
from webmail.later import Preset
from webmail.linking import Link
from webmail.pieces import Piece, piece_url
from webmail.sender_list import Group

CAME_THERE = (Reason.SENT_THERE, Reason.DELIVERED, Reason.PATTERN)
FIELDS = (
    "to", "cc", "bcc", "subject", "body", "html", "kind", "importance",
    "wants_receipt", "wants_dsn", "remind_after", "from_address",
)  # fmt: skip


@dataclass(frozen=True)
class Window:
    """One window: what its fields hold, and what has to be said about them.

    `question` is one of "identity", "subject" and "attachment": something that may have been
    forgotten. `sure` holds those answered already, `action` the button that was pressed.
    `exact_address` is the address a message was received at where it is not an identity's own.
    """

    user: User
    key: UUID
    values: Mapping[str, Any]
    sender: str
    reason: str
    identities: Sequence[SendFrom]
    exact_address: str = ""
    sent_to: str = ""
    version: int = 0
    saved: str = ""
    later_words: str = ""
    files: Sequence[tuple[int, File]] = ()
    parts: Sequence[Part] = ()
    whole: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    question: str = ""
    warning: guarding.Warning | None = None
    sure: Sequence[str] = ()
    action: str = "send"
    conflict: bool = False
    was_sent: bool = False

    importances = Importance.choices
    reminders = coming.AFTER_SENDING

    @cached_property
    def chosen(self) -> SendFrom | None:
        return next((one for one in self.identities if one.key == self.sender), None)

    @cached_property
    def groups(self) -> list[Group]:
        return sender_list.groups(
            self.identities,
            self._allowed,
            chosen=self.sender,
            exact_address=self.exact_address,
            is_exact=bool(self.values.get("from_address")),
        )

    @property
    def max_bytes(self) -> int:
        return self._allowed.size

    @cached_property
    def _allowed(self) -> Limit:
        """How large a message of this person's may be, whatever the server takes."""
        return sizes.allowed(self.user)

    @property
    def own(self) -> str:
        """The user's own addresses, for the script."""
        return json.dumps(identities.own_addresses(self.user))

    @property
    def presets(self) -> list[Preset]:
        return later.presets(timezone.now())

    @property
    def links(self) -> list[Link]:
        return linking.links(self.user)

    @cached_property
    def signatures(self) -> list[tuple[int, str]]:
        """Id and name of each."""
        return signatures.named(self.user)

    @property
    def is_answer(self) -> bool:
        return self.values.get("kind") in (DraftKind.REPLY, DraftKind.REPLY_ALL)


def of_start(user: User, key: UUID, start: Start) -> Window:
    """A window nobody has typed in yet."""
    values = {name: getattr(start.values, name) for name in FIELDS}
    original, chosen = start.values.original, start.chosen
    return Window(
        user=user,
        key=key,
        values={
            **values,
            "original": original.pk if original else "",
            "reason": chosen.reason,
            "by_hand": "",
            "send_at": "",
            "html": _startable(user, start),
            "mode": "plain" if start.is_plain else "html",
        },
        sender=chosen.send_from.key,
        reason=chosen.sentence,
        identities=chosen.known,
        exact_address=chosen.address,
        sent_to=_sent_to(start.chosen),
        parts=start.parts,
        whole=start.whole,
    )


def of_draft(draft: Draft, **said: Any) -> Window:
    """A saved draft; `said` is what the window has to say about it."""
    values = {name: getattr(draft, name) for name in FIELDS}
    return Window(
        user=draft.user,
        key=draft.key,
        values={
            **values,
            "html": _editable(draft),
            "original": draft.original_id or "",
            "reason": draft.identity_reason,
            "by_hand": "1" if draft.is_by_hand else "",
            "send_at": later.form_value(draft.send_at),
            "mode": _mode(draft.user, draft.html, draft.body),
        },
        sender=str(draft.identity_id),
        reason="" if draft.is_by_hand else identities.sentence(draft.identity_reason),
        identities=identities.send_from(draft.user, also=draft.identity),
        exact_address=draft.from_address,
        version=draft.version,
        saved=moment(draft.changed_at, now=timezone.now()),
        later_words=later.words(draft.send_at) if draft.send_at else "",
        files=files_of(draft),
        **said,
    )


def of_posted(user: User, key: UUID, posted: Mapping[str, Any], **said: Any) -> Window:
    """What a browser sent, shown again as it was."""
    names = (*FIELDS, "original", "reason", "by_hand", "send_at", "mode")
    return Window(
        user=user,
        key=key,
        values={name: posted.get(name, "") for name in names},
        sender=posted.get("sender", ""),
        reason="",
        identities=identities.send_from(user),
        exact_address=posted.get("from_address", ""),
        **said,
    )


def _mode(user: User, html: str, body: str) -> str:
    """How the editor opens: with formatting where there is any, else as its writer likes it."""
    if html:
        return "html"
    return "plain" if user.writes_plain or body.strip() else ""


def _sent_to(chosen: Chosen) -> str:
    """The address a message came to, where that is why its answer goes out from there."""
    return (chosen.address or chosen.send_from.address) if chosen.reason in CAME_THERE else ""


def _startable(user: User, start: Start) -> str:
    """The HTML a window starts with; its pictures are still parts of the message answered."""
    html, original = start.values.html, start.values.original
    urls = _signed_with(user, html)
    if original is not None:
        for cid, index in start.pictures.items():
            urls[cid] = piece_url(Piece(user.pk, original.pk, index))
    return outgoing_html.for_editor(html, lambda cid: urls.get(cid, ""))


def _signed_with(user: User, html: str) -> dict[str, str]:
    """Where the pictures of a signature are shown, by Content-ID."""
    return {one.content_id: signatures.image_url(one) for one in signatures.images_of(user, html)}


def _editable(draft: Draft) -> str:
    """The draft's HTML with addresses for the pictures in it."""
    if not draft.html:
        return ""
    urls = _signed_with(draft.user, draft.html)
    for one in draft.attachments.exclude(content_id=""):
        urls[one.content_id] = reverse("draft-inline", args=[draft.key, one.pk])
    return outgoing_html.for_editor(draft.html, lambda cid: urls.get(cid, ""))


def files_of(draft: Draft) -> list[tuple[int, File]]:
    """The draft's files with their ids; pictures that stand in the text are not among them."""
    return [
        (one.pk, file_of(one.pk, one.filename, one.content_type, one.size, ""))
        for one in draft.attachments.filter(content_id="").order_by("pk")
    ]


def is_part(request: HttpRequest) -> bool:
    """Whether a script asks for the window alone."""
    return request.headers.get("X-Part") == "window"


def show(request: HttpRequest, window: Window, *, status: int = 200) -> HttpResponse:
    """The window alone for a script, a page of its own for everybody else."""
    part = is_part(request)
    template = "webmail/_compose_window.html" if part else "webmail/compose.html"
    answer = render(request, template, {"window": window, "is_page": not part}, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def notes(request: HttpRequest, window: Window) -> str:
    """What has to be said above the fields, as HTML."""
    return render(request, "webmail/_compose_notes.html", {"window": window}).content.decode()
