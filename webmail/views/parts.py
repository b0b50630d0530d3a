"""Looking at a file of a message: a dialog, the pictures and sounds in it, the pages of a PDF."""

from __future__ import annotations

from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from lib.picture_size import may_be_looked_at
from lib.pictures import picture_type
from lib.ranges import ranged
from lib.sniffing import HEAD, PDF, is_played, kind_of_bytes
from mailstore import mime, nested, vcard
from mailstore.services import drawing
from mailstore.services.drawing import MAX_PAGES, NotDrawn
from webmail import cards, files, previews
from webmail.cards import came_with
from webmail.dialogs import dialog
from webmail.mail_headers import SHOWN, guard_download
from webmail.parts import Opened, part_for, raw_of


@require_safe
def preview(request: HttpRequest, pk: int, index: str) -> HttpResponse:
    """A look at a file, with the ways to the files before and after it."""
    opened = part_for(request, pk, index)
    look = previews.preview(opened)
    file = files.attached(pk, opened.found.path, opened.found.part)
    if look.look == "risky":
        # By its bytes it may be what its name does not say; then the way to save it is another.
        file = replace(file, risk=str(look.about))
    before, after = _beside(opened)
    context = {
        "message": opened.message,
        "file": file,
        "size": len(opened.found.data),
        "preview": look,
        "path": opened.path,
        "before": before,
        "after": after,
    }
    answer = dialog(request, "webmail/preview.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def _beside(opened: Opened) -> tuple[str, str]:
    """The paths of the files before and after this one, as the message lists them."""
    raw = raw_of(opened.message)
    mail = mime.parse(raw)
    inline = {one.index for one in mail.attachments if one.inline}
    came = came_with(cards.Opened(opened.user, opened.message, raw, mail), shown=inline)
    paths = [nested.write_path(one.path) for one in came.files]
    if opened.path not in paths:
        return "", ""
    at = paths.index(opened.path)
    return (paths[at - 1] if at else ""), (paths[at + 1] if at + 1 < len(paths) else "")


@require_safe
def shown(request: HttpRequest, pk: int, index: str) -> HttpResponse:
    """A picture, sound or film inside a page of ours; what is none by its bytes is not shown."""
    opened = part_for(request, pk, index)
    data = opened.found.data
    kind = kind_of_bytes(data[:HEAD])
    is_picture = kind in SHOWN and may_be_looked_at(data)
    if not is_picture and not is_played(kind):
        raise Http404
    return _inside(ranged(request, data, kind), opened)


@require_safe
def page(request: HttpRequest, pk: int, index: str, number: int) -> HttpResponse:
    """One page of a PDF as a picture."""
    opened = part_for(request, pk, index)
    data = opened.found.data
    if kind_of_bytes(data[:HEAD]) != PDF or not 1 <= number <= MAX_PAGES:
        raise Http404
    try:
        picture = drawing.page(data, number - 1)
    except NotDrawn as error:
        raise Http404 from error
    return _inside(HttpResponse(picture, content_type="image/png"), opened)


@require_safe
def photo(request: HttpRequest, pk: int, index: str, number: int) -> HttpResponse:
    """The picture of a person on a card."""
    opened = part_for(request, pk, index)
    cards = vcard.read(opened.found.data).shown
    data = cards[number].photo if number < len(cards) else b""
    if not data:
        raise Http404
    return _inside(HttpResponse(data, content_type=picture_type(data)), opened)


def _inside(answer: HttpResponse, opened: Opened) -> HttpResponse:
    guard_download(answer, opened.name)
    # Inside the page, not saved: its type is one that holds no script.
    answer["Content-Disposition"] = "inline"
    return answer
