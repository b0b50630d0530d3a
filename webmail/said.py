"""What a search understood, in words, each with the address of the search without it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.models import User
from mailstore import facts
from mailstore.query import Both, Either, Fact, Node, Not, Piece, Query, Term
from mailstore.query_text import MAX_TERMS
from webmail.place import Place

_FLAGS: Final[dict[str, tuple[str | Promise, str | Promise]]] = {
    "seen": (gettext_lazy("unread"), gettext_lazy("read")),
    "flagged": (gettext_lazy("not starred"), gettext_lazy("starred")),
    "answered": (gettext_lazy("not answered"), gettext_lazy("answered")),
    "forwarded": (gettext_lazy("not forwarded"), gettext_lazy("forwarded")),
    "draft": (gettext_lazy("not a draft"), gettext_lazy("a draft")),
    "muted": (gettext_lazy("not muted"), gettext_lazy("muted")),
    "attachments": (gettext_lazy("without attachments"), gettext_lazy("with attachments")),
    "labelled": (gettext_lazy("without labels"), gettext_lazy("with labels")),
}
_FIELDS: Final[dict[str, str | Promise]] = {
    "": gettext_lazy("“%s”"),
    "sender": gettext_lazy("from “%s”"),
    "to": gettext_lazy("to “%s”"),
    "cc": gettext_lazy("copy to “%s”"),
    "subject": gettext_lazy("subject “%s”"),
    "files": gettext_lazy("file “%s”"),
    "list": gettext_lazy("mailing list “%s”"),
}
_KINDS: Final[dict[str, str | Promise]] = {
    "image": gettext_lazy("with pictures"),
    "pdf": gettext_lazy("with PDF files"),
    "document": gettext_lazy("with documents"),
    "sheet": gettext_lazy("with spreadsheets"),
    "slides": gettext_lazy("with presentations"),
    "film": gettext_lazy("with videos"),
    "sound": gettext_lazy("with sound files"),
    "archive": gettext_lazy("with archive files"),
    "event": gettext_lazy("with invitations"),
    "contact": gettext_lazy("with contact cards"),
    "message": gettext_lazy("with attached messages"),
    "list": gettext_lazy("from mailing lists"),
}
_DOUBTS: Final[dict[str, str | Promise]] = {
    "operator": gettext_lazy("“%s” is searched as words: no such operator"),
    "date": gettext_lazy("“%s” is searched as words: no day or age"),
    "size": gettext_lazy("“%s” is searched as words: no size"),
    "value": gettext_lazy("“%s” is searched as words: no such value"),
}


@dataclass(frozen=True)
class Chip:
    """One thing that was understood. ``url`` is the search without it; a doubt is something the
    search did in another way than it was asked."""

    text: str
    url: str
    is_doubt: bool = False


def chips(user: User, place: Place, wanted: Query) -> list[Chip]:
    """What the search understood besides plain words, and what it did not."""
    found = []
    for piece in wanted.pieces:
        text = _doubt(user, piece)
        if text or not _is_plain(piece):
            url = replace(place, query=wanted.without(piece)).url
            said = text or _words(user, piece.node)
            found.append(Chip(said, url, bool(text)))
    if wanted.is_cut:
        text = _("Only the first %(count)d words are searched for.") % {"count": MAX_TERMS}
        found.append(Chip(text, "", is_doubt=True))
    return found


def _is_plain(piece: Piece) -> bool:
    node = _one(piece.node)
    return node is None or (isinstance(node, Term) and not node.field and not node.exact)


def _one(node: Node | None) -> Node | None:
    """The term itself, where a number is looked for in two ways of writing it."""
    if (
        isinstance(node, Either)
        and len({one.said for one in node.of if isinstance(one, Term)}) == 1
    ):
        return node.of[0]
    return node


def _doubt(user: User, piece: Piece) -> str:
    """What is not as it was asked for."""
    if piece.doubt:
        return str(_DOUBTS[piece.doubt]) % piece.unclear
    node = piece.node.of if isinstance(piece.node, Not) else piece.node
    if not isinstance(node, Fact) or facts.is_known(user, node):
        return ""
    return {
        "folder": _("There is no folder “%s”"),
        "account": _("There is no account “%s”"),
        "label": _("There is no label “%s”"),
    }[node.name] % node.value


def _words(user: User, node: Node | None) -> str:
    node = _one(node)
    if isinstance(node, Term):
        if node.field == "kind":
            return str(_KINDS[node.words[0]])
        return str(_FIELDS[node.field]) % (node.said or " ".join(node.words))
    if isinstance(node, Fact):
        return _fact(user, node)
    if isinstance(node, Not):
        return _not(user, node.of)
    if isinstance(node, Either):
        return _(" or ").join(_each(user, node.of))
    return _both(user, node) if node is not None else ""


def _each(user: User, nodes: Iterable[Node]) -> list[str]:
    return [_words(user, one) for one in nodes]


def _not(user: User, node: Node) -> str:
    if isinstance(node, Fact) and node.name in _FLAGS:
        return str(_FLAGS[node.name][not node.value])
    return _("not: %s") % _words(user, node)


def _both(user: User, node: Both) -> str:
    bounds = {one.name: one.value for one in node.of if isinstance(one, Fact)}
    since, until = bounds.get("since"), bounds.get("until")
    if isinstance(since, datetime) and isinstance(until, datetime) and len(node.of) == len(bounds):
        last = until - timedelta(days=1)
        if last.date() <= since.date():
            return _("on %s") % _day(since)
        return _("from %(first)s to %(last)s") % {"first": _day(since), "last": _day(last)}
    return _(" and ").join(_each(user, node.of))


def _fact(user: User, fact: Fact) -> str:
    value = fact.value
    if fact.name in _FLAGS:
        return str(_FLAGS[fact.name][bool(value)])
    if isinstance(value, datetime):
        return (_("from %s on") if fact.name == "since" else _("before %s")) % _day(value)
    if isinstance(value, int):
        size = filesizeformat(value)
        return (_("larger than %s") if fact.name == "over" else _("smaller than %s")) % size
    if fact.name == "folder":
        if value in facts.ANYWHERE:
            return _("in all folders, also Junk and Deleted Items")
        named = [one.label for one in facts.folders(user, value)[:1]]
        return _("in %s") % (named or [value])[0]
    if fact.name == "account":
        accounts = [one.name for one in facts.sources(user, value)]
        return _("account %s") % (_(" or ").join(accounts) or value)
    labels = [one.name for one in facts.labels(user, value)[:1]]
    return _("label %s") % (labels or [value])[0]


def _day(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return date_format(local, pgettext("day of another year in a list", "j M Y"))
