"""Lines of a list as HTML.

One function instead of a template: a page has fifty lines, each with a dozen pieces, and drawing
them by templates took two thirds of the time of a page. Whatever comes from mail, from people or
from other servers is escaped here; the rest is in `webmail.row_words`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from html import escape
from itertools import groupby
from typing import NamedTuple
from zlib import crc32

from django.utils.safestring import SafeString, mark_safe

from lib.templatetags.ui import initials, tint
from mailstore.highlight import beginning, marked, terms_for
from mailstore.query import Query
from webmail.row_words import NAME, Pieces, pieces
from webmail.rows import Row


class Shown(NamedTuple):
    """How the texts of a line become safe HTML: as they are, or with what was searched marked."""

    who: Callable[[str], str] = escape
    subject: Callable[[str], str] = escape
    snippet: Callable[[str], str] = escape


PLAIN = Shown()


def with_hits(wanted: Query) -> Shown:
    """What to show the hits of a search with."""
    return Shown(
        partial(marked, terms=terms_for(wanted, "sender")),
        partial(marked, terms=terms_for(wanted, "subject")),
        partial(beginning, terms=terms_for(wanted, "body")),
    )


def draw(
    rows: Iterable[Row], *, shown: Shown | None = None, known: Mapping[str, str] | None = None
) -> SafeString:
    """Lines under the headings of their days. Of those that look as their reader already has them
    (``known``: an id and the ``data-mark`` of its line) there is only an empty one."""
    words, known = pieces(), known or {}
    found: list[str] = []
    for day, group in groupby(rows, key=lambda row: row.day):
        if day.key:
            key, label = escape(day.key), escape(day.label)
            found.append(f'<li class="list__day" data-day="{key}"><h2>{label}</h2></li>\n')
        found += [_line(row, words, shown or PLAIN, known) for row in group]
    return mark_safe("".join(found))  # noqa: S308 - every value is escaped in this module


def _line(row: Row, words: Pieces, shown: Shown, known: Mapping[str, str]) -> str:
    line = row.line
    pk = str(line.id)
    plain_subject = line.subject or words.untitled
    subject, who = shown.subject(plain_subject), shown.who(row.who or words.nobody)
    unread = row.is_unread
    select = escape(words.select % {"subject": plain_subject})
    title = f' title="{escape(row.address)}"' if row.address and row.address != row.who else ""
    label = _label(row.tint, row.label) if row.label else ""
    labels = "".join(_label(f"a{one.color}", one.name) for one in row.labels)
    state = "msg msg--unread" if unread else "msg"
    rest = (
        f"{' data-starred' if row.is_starred else ''}>\n"
        f'<span class="msg__avatar"><span class="avatar {tint(row.who)}" aria-hidden="true">'
        f'{escape(initials(row.who))}</span><input class="msg__check" type="checkbox" name="id"'
        f' value="{pk}" form="list-form" aria-label="{select}"></span>\n'
        f'<span class="msg__from"><a class="msg__link" href="{escape(row.url)}" dir="auto"{title}>'
        f"{words.unread if unread else ''}{who}</a>{_count(row, words)}</span>\n"
        f'<span class="msg__meta">{_back(row, words)}<time class="msg__time"'
        f' datetime="{row.moment}">{escape(row.when)}</time></span>\n'
        f'<span class="msg__line" dir="auto">{label}{labels}<b>{subject}</b>'
        f' &nbsp;<span class="msg__snippet" dir="auto">{shown.snippet(line.snippet)}</span>'
        "</span>\n"
        f'<span class="msg__marks">{_marks(row, words)}</span>\n</li>\n'
    )
    mark = f"{crc32(f'{state}{rest}'.encode()):x}"
    if known.get(pk) == mark:
        return f'<li class="msg" data-id="{pk}" data-same></li>\n'
    return f'<li class="{state}" data-id="{pk}" data-mark="{mark}"{rest}'


def _label(style: str, name: str) -> str:
    return f'<span class="label {style}" dir="auto">{escape(name)}</span>'


def _count(row: Row, words: Pieces) -> str:
    """How many messages a conversation has, where it has several."""
    if row.count < 2:
        return ""
    said = escape(words.held % {"count": row.count})
    return (
        f'<span class="msg__n"><span aria-hidden="true">{row.count}</span>'
        f'<span class="sr">{said}</span></span>'
    )


def _back(row: Row, words: Pieces) -> str:
    """The mark before the time at which a snoozed message comes back."""
    return words.clock if row.is_snoozed else ""


def _marks(row: Row, words: Pieces) -> str:
    line, found = row.line, ""
    if row.note:
        said = escape(row.note)
        found = f'<span class="msg__mark" title="{said}">{words.bell.replace(NAME, said)}</span>'
    if row.mark is not None:
        said = escape(row.mark.words)
        sign = (words.failed if row.mark.is_bad else words.late).replace(NAME, said)
        found += f'<span class="msg__mark" title="{said}">{sign}</span>'
    if line.is_answered:
        found += words.answered
    elif line.is_forwarded:
        found += words.forwarded
    if row.has_attachments:
        found += words.attachments
    found += words.star
    if row.source is not None:
        name = escape(row.source.name)
        found += f'<span class="dot a{row.source.color}" title="{name}"></span>'
    return found
