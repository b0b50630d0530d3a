"""How large a message may be on its way out, and how large one will be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Sum

from accounts.models import User
from accounts.services import limits
from accounts.services.limits import Origin
from smtp_accounts.models import Draft, DraftAttachment, DraftUpload, SmtpAccount

# What a part needs besides its bytes, and what a message has before any.
_PART, _MESSAGE = 400, 4096


@dataclass(frozen=True, slots=True)
class Limit:
    """Bytes on the wire. `server` is whose limit it is: a server's, or the domain's that its
    administrator set; empty for this installation's own."""

    size: int
    server: str

    @property
    def files(self) -> int:
        """What all files together may have before they are encoded, roughly."""
        return max(0, (self.size - _MESSAGE) * 57 // 78)


class TooLargeError(Exception):
    """The message would be larger than its way out takes. Sizes in bytes, on the wire.

    `server` is whose limit it is, empty for this installation's own.
    """

    def __init__(self, size: int, limit: int, server: str = "") -> None:
        super().__init__(f"{size} bytes, {limit} allowed")
        self.size = size
        self.limit = limit
        self.server = server

    @property
    def files(self) -> int:
        """What all files together may have before they are encoded, roughly."""
        return Limit(self.limit, self.server).files


class DraftsFullError(TooLargeError):
    """The files of all the person's drafts together would be more than may be kept."""

    @property
    def files(self) -> int:
        return self.limit


def allowed(user: User) -> Limit:
    """What this person may send at most, by the operator and the administrators; one query."""
    found = limits.explained(user.domain_id)["message_size"]
    whose = user.domain.name if found.origin == Origin.DOMAIN else ""
    return Limit(found.value or settings.MAX_SEND_SIZE, whose)


def limit_of(account: SmtpAccount | None, within: Limit) -> Limit:
    """What the server of an account takes as far as it said so (RFC 1870), `within` at most."""
    said = account.facts.get("size") if account is not None else None
    # A size of 0 says that there is no fixed limit.
    if account is not None and isinstance(said, int) and 0 < said < within.size:
        return Limit(said, account.host)
    return within


def encoded(sizes: Iterable[int]) -> int:
    """Bytes that files of these sizes take: base64 makes 4 of 3 and ends a line after 76."""
    return sum(-(-size // 57) * 78 + _PART for size in sizes)


def of_draft(draft: Draft | None, extra: Iterable[int] = ()) -> int:
    """Bytes the draft's message will have, roughly, with `extra` files."""
    sizes = list(extra)
    if draft is None:
        return _MESSAGE + encoded(sizes)
    sizes += [one.size for one in files_of(draft)]
    # Quoted-printable rarely doubles a text.
    return _MESSAGE + 2 * (len(draft.html) + len(draft.body)) + encoded(sizes)


def files_of(draft: Draft) -> list[DraftAttachment]:
    """The files that go along: not pictures taken out of the text, which could be put back."""
    rows = draft.attachments.order_by("pk")
    return [one for one in rows if not one.content_id or one.content_id in draft.html]


def check(draft: Draft, extra: Iterable[int] = ()) -> None:
    """Raises `TooLargeError` where the message would not fit with `extra` and what is coming, and
    `DraftsFullError` where it would with all else its writer keeps in drafts."""
    extra = list(extra)
    coming = draft.uploads.values_list("size", flat=True)
    limit = limit_of(draft.identity.account, allowed(draft.user))
    size = of_draft(draft, [*coming, *extra])
    if size > limit.size:
        raise TooLargeError(size, limit.size, limit.server)
    kept = sum(extra) + sum(
        rows.filter(draft__user=draft.user_id).aggregate(sum=Sum("size"))["sum"] or 0
        for rows in (DraftAttachment.objects, DraftUpload.objects)
    )
    if extra and kept > settings.MAX_DRAFT_FILES:
        raise DraftsFullError(kept, settings.MAX_DRAFT_FILES)
