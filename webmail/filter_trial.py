"""Trying a filter: what it would do to mail that is here, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from filtering.services import trying
from filtering.services.filters import Wanted
from filtering.services.trying import Tried
from mailstore.models import Folder
from webmail.access import folder_for
from webmail.filter_place import Place
from webmail.filter_words import action, listed


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it: how many, what would be done with them, and some of them."""

    tried: Tried
    words: str
    done: str
    where: str


def try_out(place: Place, wanted: Wanted, post: QueryDict) -> dict[str, Any]:
    """For the editor: what the filter would do in the folder ``try_in`` names, or everywhere.

    Nothing is changed. Raises FilterRefused; `Http404` for a folder that is not theirs, and for a
    domain's filter, which would have to look into somebody's mail.
    """
    if place.domain is not None:
        raise Http404
    folder = folder_named(place.actor, post.get("try_in", ""))
    tried = trying.preview(place.actor, wanted, folder=folder, now=timezone.now())
    done = listed([action(one, place.names()) for one in wanted.actions])
    return {"trial": Trial(tried, _words(tried), done, folder.label if folder else "")}


def folder_named(user: User, key: str) -> Folder | None:
    """The folder of a form, None for everywhere. Raises `Http404` for another person's."""
    if not key:
        return None
    if not key.isdecimal() or len(key) > 18:
        raise Http404
    return folder_for(user, int(key))


def _words(tried: Tried) -> str:
    if not tried.looked:
        return _("There is no message there.")
    values = {"met": intcomma(tried.met), "looked": intcomma(tried.looked)}
    if tried.is_all:
        return (
            ngettext(
                "It meets %(met)s of the %(looked)s message there.",
                "It meets %(met)s of the %(looked)s messages there.",
                tried.looked,
            )
            % values
        )
    return _("It meets %(met)s of the newest %(looked)s messages there.") % values
