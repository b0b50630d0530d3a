"""Signatures: kept with their pictures, chosen for a message, given to identities (A37)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.services import audit
from lib.pictures import picture_type
from lib.prepared import Prepared
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts.models import DraftKind, Identity, Signature, SignatureImage
from smtp_accounts.outgoing_html import cids, for_editor, to_text, unmarked
from smtp_accounts.services import pictures

MAX_HTML = 100_000
MAX_IMAGE = 1024 * 1024
MAX_IMAGES = 20
MAX_SIGNATURES = 100


@dataclass(frozen=True, slots=True)
class Region:
    """What stands in the signature region of a draft: empty where nothing is signed.

    ``html`` is what belongs inside ``<div data-signature>``, as `outgoing_html.clean` stores it:
    its pictures are ``<img data-cid="…">``, and `resolver` knows where to see them.
    """

    signature_id: str = ""
    html: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class SignatureValues:
    """What the page of a signature asks for. ``identities``: ids of those that sign with it."""

    name: str
    html: str
    is_default: bool = False
    in_replies: bool = True
    identities: frozenset[int] = field(default_factory=frozenset)


class NotAPictureError(Exception):
    """The bytes are no PNG, JPEG, GIF or WebP picture."""


class PictureTooLargeError(Exception):
    """The picture has more than `MAX_IMAGE` bytes."""


class TooManyPicturesError(Exception):
    """The signature has `MAX_IMAGES` pictures already, and all of them are in its text."""


def region(identity: Identity, kind: str) -> Region:
    """The signature region of a draft of this kind (`DraftKind`) from ``identity``."""
    found = of_identity(identity)
    if found is None or (kind != DraftKind.NEW and not found.in_replies):
        return Region()
    return region_of(found)


def region_of(signature: Signature) -> Region:
    """The region with this signature, whoever chose it."""
    return Region(str(signature.pk), signature.html, to_text(signature.html).rstrip("\n"))


def of_identity(identity: Identity) -> Signature | None:
    """What an identity signs with: its own choice, else the default; None for nothing."""
    if identity.is_unsigned:
        return None
    if identity.signature_id is not None:
        return identity.signature
    return next(iter(_DEFAULT.objects(Signature, identity.user_id)), None)


_DEFAULT: Final = Prepared(lambda user: Signature.objects.filter(user=user, is_default=True), int)
_NAMES: Final = Prepared(
    lambda user: Signature.objects.filter(user=user).exclude(name="").values_list("pk", "name"), int
)


def named(user: User) -> list[tuple[int, str]]:
    """The person's signatures by name: id and name of each."""
    return [(pk, name) for pk, name in _NAMES.rows(user.pk)]


def signatures_of(user: User) -> list[Signature]:
    """The person's signatures by name, the identities that chose each fetched along."""
    return list(Signature.objects.filter(user=user).exclude(name="").prefetch_related("identities"))


def images_of(user: User, html: str) -> list[SignatureImage]:
    """The pictures of the person's signatures that a text shows; they go along with it."""
    wanted = cids(html)
    if not wanted:
        return []
    mine = SignatureImage.objects.filter(signature__user=user, content_id__in=wanted)
    return list(mine.select_related("blob__segment").order_by("pk"))


def resolver(user: User) -> Callable[[str], str]:
    """Where the person's own browser finds the picture with a Content-ID; "" for no such one."""

    def address(content_id: str) -> str:
        mine = SignatureImage.objects.filter(signature__user=user, content_id=content_id)
        found = mine.first()
        return image_url(found) if found is not None else ""

    return address


def shown(signature: Signature) -> str:
    """Its HTML for the person's own browser, pictures included."""
    return for_editor(signature.html, resolver(signature.user))


def save(*, user: User, values: SignatureValues, signature: Signature | None = None) -> Signature:
    """Store a signature, its text made harmless. One default at most, one signature an identity.

    An identity that had chosen this signature and is not named any more goes back to the default.
    """
    html = unmarked(values.html[:MAX_HTML])
    row = signature or _begun_with(user, html) or Signature(user=user)
    row.name, row.in_replies, row.html = values.name, values.in_replies, html
    with transaction.atomic():
        if values.is_default:
            Signature.objects.filter(user=user, is_default=True).update(is_default=False)
        row.is_default = values.is_default
        row.save()
        _give(user, row, values.identities)
        audit.note("settings-changed", subject=user, detail={"fields": ["signatures"]})
    return row


def _give(user: User, signature: Signature, identities: Iterable[int]) -> None:
    mine = Identity.objects.filter(user=user)
    wanted = set(identities)
    mine.filter(signature=signature).exclude(pk__in=wanted).update(signature=None)
    mine.filter(pk__in=wanted).update(signature=signature, is_unsigned=False)


def begun(user: User) -> Signature:
    """A signature without a name, kept in no list: pictures of a new one belong to something.

    `save` makes a real one of it as soon as one of its pictures is in what is saved.
    """
    row = Signature.objects.filter(user=user, name="").first()
    return row or Signature.objects.create(user=user, name="")


def _begun_with(user: User, html: str) -> Signature | None:
    """The signature that was begun by adding a picture of this text."""
    images = SignatureImage.objects.select_related("signature")
    mine = images.filter(signature__user=user, signature__name="", content_id__in=cids(html))
    found = mine.first()
    return found.signature if found is not None else None


def delete(signature: Signature) -> None:
    """Remove a signature; who signed with it signs with the default, drafts keep its pictures."""
    with transaction.atomic():
        pictures.remove(signature.images.all())
        signature.delete()
        if signature.name:
            owner = signature.user
            audit.note("settings-changed", subject=owner, detail={"fields": ["signatures"]})


def add_image(*, signature: Signature, body: Body) -> SignatureImage:
    """Keep a picture for a signature. Raises as `picture_kind`, and `TooManyPicturesError`."""
    kind = picture_kind(body)
    _make_room(signature)
    batch = blobs.write([body])
    with transaction.atomic():
        return SignatureImage.objects.create(
            signature=signature,
            blob=blobs.adopt(batch)[0],
            # Says nothing of where it was made: a signature may go out from any address.
            content_id=f"{uuid4().hex}@signature",
            content_type=kind,
            size=body.size,
        )


def picture_kind(body: Body) -> str:
    """The media type, told by the bytes. Raises `PictureTooLargeError` or `NotAPictureError`."""
    if body.size > MAX_IMAGE:
        raise PictureTooLargeError
    kind = picture_type(body.read()[:16])
    if not kind:
        raise NotAPictureError
    return kind


def _make_room(signature: Signature) -> None:
    """Let go of pictures that are no longer in the text, once there are many."""
    rows = list(signature.images.order_by("pk"))
    if len(rows) < MAX_IMAGES:
        return
    shown_now = set(cids(signature.html))
    unused = [row.pk for row in rows if row.content_id not in shown_now]
    if not unused:
        raise TooManyPicturesError
    with transaction.atomic():
        pictures.remove(SignatureImage.objects.filter(pk__in=unused))


def image_url(image: SignatureImage) -> str:
    """Where the person sees a picture of theirs."""
    return reverse("signature-image", args=[image.pk])


def append_image(signature: Signature, image: SignatureImage) -> None:
    """Put a picture at the end of a signature, for a browser without a script."""
    tag = f'<p><img data-cid="{image.content_id}" alt=""></p>'
    signature.html = unmarked(signature.html + tag)
    signature.save(update_fields=["html"])
