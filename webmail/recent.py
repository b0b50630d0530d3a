"""The folders that messages were moved to lately, kept in the session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.http import HttpRequest

from mailstore.models import Folder
from webmail.tree import Node

MOST: Final = 4
_KEY: Final = "moved-to"


def note(request: HttpRequest, folder: Folder) -> None:
    """Messages are moved there; writes nothing where that was the last one already."""
    before = request.session.get(_KEY, [])
    now = [folder.pk, *(pk for pk in before if pk != folder.pk)][:MOST]
    if now != before:
        request.session[_KEY] = now


def among(request: HttpRequest, targets: Sequence[Node]) -> list[Node]:
    """Those of the folders that were used lately, the last one first."""
    known = {one.folder.pk: one for one in targets}
    return [known[pk] for pk in request.session.get(_KEY, []) if pk in known]
