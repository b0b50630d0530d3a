"""Lines of a list as HTML.

One function instead of a template: a page has fifty lines, each with a dozen pieces, and drawing
them by templates took two thirds of the time of a page. Whatever comes from mail, from people or
from other servers is escaped here; the rest is in `webmail.row_words`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from html import escape
from itertools import groupby
from typing import NamedTuple

from django.utils.safestring import SafeString, mark_safe

from lib.templatetags.ui import initials, tint
from mailstore.highlight import beginning, marked, terms_for
from mailstore.query import Query
from webmail.row_words import ID, NAME, Pieces, pieces
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


def draw(rows: Iterable[Row], *, role: str = "", shown: Shown | None = None) -> SafeString:
    """Lines under the headings of their days; ``role`` is that of the folder shown."""
    words = pieces()
    bin_ = words.bin.replace(ID, f"destroy:{ID}" if role == "trash" else f"trash:{ID}")
    found: list[str] = []
    for day, group in groupby(rows, key=lambda row: row.day):
        if day.key:
            key, label = escape(day.key), escape(day.label)
            found.append(f'<li class="list__day" data-day="{key}"><h2>{label}</h2></li>\n')
        found += [_line(row, words, bin_, shown or PLAIN) for row in group]
    return mark_safe("".join(found))  # noqa: S308 - every value is escaped in this module


def _line(row: Row, words: Pieces, bin_: str, shown: Shown) -> str:
    line = row.line
    pk = str(line.id)
    plain_subject = line.subject or words.untitled
    subject, who = shown.subject(plain_subject), shown.who(row.who or words.nobody)
    unread, starred = row.is_unread, row.is_starred
    select = escape(words.select % {"subject": plain_subject})
    thread = f' data-thread="{line.thread_id}"' if line.thread_id else ""
    title = f' title="{escape(row.address)}"' if row.address and row.address != row.who else ""
    label = f'<span class="label {row.tint}">{escape(row.label)}</span>' if row.label else ""
    labels = "".join(
        f'<span class="label a{one.color}">{escape(one.name)}</span>' for one in row.labels
    )
    read_tool = words.unread_tool if not unread else words.read_tool
    tools = (
        words.archive
        + bin_
        + read_tool
        + words.snooze_tool
        + words.star_tool.replace(ID, f"unstar:{ID}" if starred else f"star:{ID}")
    ).replace(ID, pk)
    return (
        f'<li class="msg{" msg--unread" if unread else ""}" data-id="{pk}"{thread}'
        f' data-folder="{line.folder_id}"{" data-starred" if starred else ""}>\n'
        f'<span class="msg__avatar"><span class="avatar {tint(row.who)}" aria-hidden="true">'
        f'{escape(initials(row.who))}</span><input class="msg__check" type="checkbox" name="id"'
        f' value="{pk}" form="list-form" aria-label="{select}"></span>\n'
        f'<span class="msg__from"><a class="msg__link" href="{escape(row.url)}" dir="auto"{title}>'
        f"{words.unread if unread else ''}{who}</a>{_count(row, words)}</span>\n"
        f'<span class="msg__meta">{_back(row, words)}<time class="msg__time"'
        f' datetime="{row.moment}">{escape(row.when)}</time></span>\n'
        f'<span class="msg__line" dir="auto">{label}{labels}<b>{subject}</b>'
        f' &nbsp;<span class="msg__snippet">{shown.snippet(line.snippet)}</span></span>\n'
        f'<span class="msg__marks">{_marks(row, words)}</span>\n'
        f'<span class="msg__tools">{tools}</span>\n</li>\n'
    )


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
