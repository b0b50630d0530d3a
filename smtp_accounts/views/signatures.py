"""Settings, Signatures: writing them, their pictures, and who signs with which (A37, A167)."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from connectivity.access import person
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts.access import signature_for, signature_image_for
from smtp_accounts.forms_texts import SignatureForm
from smtp_accounts.models import Signature, SignatureImage
from smtp_accounts.services import identities, signatures
from smtp_accounts.services.signatures import (
    MAX_IMAGE,
    MAX_SIGNATURES,
    NotAPictureError,
    PictureTooLargeError,
    TooManyPicturesError,
)
from smtp_accounts.views import pages

#: Only our own style sheet's words and the person's own pictures; no script runs in it.
_FRAME = (
    "sandbox allow-same-origin; default-src 'none'; img-src 'self' data:; "
    "style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every signature as it looks, and who signs with it."""
    user = person(request)
    context = {"signatures": signatures.signatures_of(user)}
    return render(request, "smtp_accounts/signatures.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new signature; the first one is the default unless somebody unticks it."""
    user = person(request)
    count = len(signatures.signatures_of(user))
    if request.method != "POST":
        return _page(request, _form(user, None, initial={"is_default": count == 0}), None)
    form = _form(user, None, request)
    if count >= MAX_SIGNATURES:
        form.add_error(None, _("You have as many signatures as this installation keeps."))
    return _store(request, user, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a signature."""
    user = person(request)
    signature = signature_for(user, pk)
    if request.method != "POST":
        return _page(request, _form(user, signature), signature)
    return _store(request, user, _form(user, signature, request), signature)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a signature, after a question: its pictures go with it."""
    user = person(request)
    signature = signature_for(user, pk)
    if request.method == "POST":
        signatures.delete(signature)
        messages.success(request, _("“%(name)s” is deleted.") % {"name": signature.name})
        return pages.go_to(request, reverse("signatures"))
    context = {"signature": signature, "used_by": list(signature.identities.all())}
    title = _("Delete signature")
    return pages.dialog(request, "smtp_accounts/_signature_delete.html", context, title=title)


@require_safe
@xframe_options_exempt
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """A signature as its reader sees it, for a frame."""
    user = person(request)
    signature = signature_for(user, pk)
    context = {"html": signatures.shown(signature), "theme": user.theme}
    answer = render(request, "smtp_accounts/signature_frame.html", context)
    answer["Content-Security-Policy"] = _FRAME
    answer["X-Frame-Options"] = "SAMEORIGIN"
    _guard(answer)
    return answer


@require_safe
def image(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A picture of one's own signature."""
    found = signature_image_for(person(request), pk)
    answer = StreamingHttpResponse(blobs.stream(found.blob), content_type=found.content_type)
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    _guard(answer)
    return answer


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Keep the posted ``file`` for ``?signature=``, or for a new one; answers its url and cid."""
    user = person(request)
    key = request.GET.get("signature", "")
    signature = signature_for(user, int(key)) if key.isdecimal() and len(key) < 19 else None
    file = request.FILES.get("file")
    if file is None:
        return JsonResponse({"error": _("No file came along.")}, status=422)
    try:
        found = _keep(signature or signatures.begun(user), file)
    except (NotAPictureError, PictureTooLargeError, TooManyPicturesError) as error:
        return JsonResponse({"error": _refusal(error)}, status=422)
    return JsonResponse({"url": signatures.image_url(found), "cid": found.content_id})


def _keep(signature: Signature, file: UploadedFile[bytes]) -> SignatureImage:
    if file.size is not None and file.size > MAX_IMAGE:
        raise PictureTooLargeError
    return signatures.add_image(signature=signature, body=Body.gather(_chunks(file)))


def _chunks(file: UploadedFile[bytes]) -> Iterator[bytes]:
    for chunk in file.chunks():
        yield bytes(chunk)


def _refusal(error: Exception) -> str:
    if isinstance(error, PictureTooLargeError):
        return _("A picture in a signature may have at most 1 MB.")
    if isinstance(error, TooManyPicturesError):
        return _("A signature may have at most %(n)d pictures.") % {"n": signatures.MAX_IMAGES}
    return _("This is no PNG, JPEG, GIF or WebP picture.")


def _form(
    user: User,
    signature: Signature | None,
    request: HttpRequest | None = None,
    initial: dict[str, object] | None = None,
) -> SignatureForm:
    data = request.POST if request is not None else None
    mine = [one.identity for one in identities.send_from(user)]
    return SignatureForm(data, signature=signature, identities=mine, initial=initial)


def _store(
    request: HttpRequest, user: User, form: SignatureForm, signature: Signature | None
) -> HttpResponse:
    """Save what was typed; a picture chosen without a script is put at the end."""
    if not form.is_valid():
        return _page(request, form, signature, status=422)
    row = signatures.save(user=user, values=form.values(), signature=signature)
    file = request.FILES.get("file")
    if file is not None:
        try:
            signatures.append_image(row, _keep(row, file))
        except (NotAPictureError, PictureTooLargeError, TooManyPicturesError) as error:
            # All but the picture is kept; the page goes on where the signature now is.
            again = _form(user, row)
            return _page(request, again, row, status=422, refusal=_refusal(error))
        messages.success(request, _("The picture is added at the end."))
        return redirect("signature-edit", pk=row.pk)
    messages.success(request, _("“%(name)s” is saved.") % {"name": row.name})
    return redirect("signatures")


def _page(
    request: HttpRequest,
    form: SignatureForm,
    signature: Signature | None,
    *,
    status: int = 200,
    refusal: str = "",
) -> HttpResponse:
    address = reverse("signature-upload")
    context = {
        "form": form,
        "signature": signature,
        "refusal": refusal,
        "upload_url": f"{address}?signature={signature.pk}" if signature else address,
    }
    return render(request, "smtp_accounts/signature.html", context, status=status)


def _guard(answer: HttpResponseBase) -> None:
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Referrer-Policy"] = "no-referrer"
    answer["Cache-Control"] = "no-store"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
