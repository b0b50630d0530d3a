"""Reading from a form what is to be done to messages."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from mailstore.models import Folder, FolderRole, Label
from mailstore.services import folders, labels
from mailstore.services.folders import FolderRefused
from webmail.access import folder_for, label_for
from webmail.asked import Wish

#: As many as a page lets people choose one by one; see DATA_UPLOAD_MAX_NUMBER_FIELDS.
MAX_IDS = 5000


def ids_of(values: QueryDict) -> list[int]:
    """The message ids of a form or an address; what is not a number is left out."""
    return [int(one) for one in values.getlist("id")[:MAX_IDS] if _is_key(one)]


def wish_of(user: User, do: str, values: QueryDict) -> Wish:
    """The action with what it needs: "label:ID", or "label" with the ``name`` of a new one; "move"
    with ``folder`` or the ``name`` of a new one; ``until`` or ``at`` as ISO 8601, in the user's
    zone where none is told; ``unanswered``.

    Raises LabelRefused, FolderRefused, and Http404 for what is not the user's.
    """
    kind, _sep, pk = do.partition(":")
    if kind in {"label", "unlabel"}:
        return Wish(kind, label=_label(user, pk, values))
    return Wish(
        do,
        folder=_folder(user, values) if do == "move" else None,
        at=_moment(values.get("until") or values.get("at") or values.get("own") or ""),
        only_unanswered=bool(values.get("unanswered")),
    )


def _label(user: User, pk: str, values: QueryDict) -> Label:
    if _is_key(pk):
        return label_for(user, int(pk))
    name = values.get("name", "").strip()
    if pk or not name:
        raise Http404
    there = [one for one in labels.everyone(user) if one.name.casefold() == name.casefold()]
    return there[0] if there else labels.create(user, name)


def _folder(user: User, values: QueryDict) -> Folder | None:
    pk, name = values.get("folder", ""), values.get("name", "").strip()
    if _is_key(pk):
        folder = folder_for(user, int(pk))
        if folder.role == FolderRole.SNOOZED:
            raise FolderRefused(_("Messages get there by “Snooze”, which asks until when."))
        if folder.role == FolderRole.DRAFTS:
            raise FolderRefused(_("Drafts holds only what you are writing."))
        return folder
    if pk or not name:
        return None
    # One that is there is meant too: what is done piece by piece names it again each time.
    there = Folder.objects.filter(user=user, parent=None, role="", name=name).first()
    return there or folders.create(user, parent=None, name=name)


def _moment(text: str) -> datetime | None:
    """A moment as a browser writes it. An hour that a change of clocks leaves out is the next."""
    try:
        moment = datetime.fromisoformat(text[:40])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.get_current_timezone())
        return moment.astimezone(timezone.get_default_timezone())
    except (ValueError, OverflowError):
        return None


def _is_key(text: str) -> bool:
    return text.isdecimal() and len(text) < 19
