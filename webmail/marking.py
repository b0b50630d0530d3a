"""Marking what was searched for in the message that a search opened."""

from __future__ import annotations

from dataclasses import replace

from django.utils.safestring import mark_safe

from mailstore import search
from mailstore.highlight import marked_html, terms_for
from webmail.letter import Letter


def in_html(html: str, typed: str) -> str:
    """Safe HTML of a body, with the words of a search marked in its text."""
    return marked_html(html, terms_for(search.understood(typed), "body")) if typed else html


def in_letter(letter: Letter, typed: str) -> Letter:
    """A letter with the words of a search marked in its plain text."""
    if not typed or not letter.text:
        return letter
    # `marked_html` adds marks to what is safe HTML already.
    text, quoted = (mark_safe(in_html(one, typed)) for one in (letter.text, letter.quoted))  # noqa: S308 # see above
    return replace(letter, text=text, quoted=quoted)
