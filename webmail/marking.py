"""Marking what was searched for in the message that a search opened."""

from __future__ import annotations

from dataclasses import replace

from django.utils.safestring import mark_safe

from mailstore import search
from mailstore.highlight import mark_words, marked_html, terms_for
from mailstore.html_tree import Edit
from mailstore.query import Term
from webmail.letter import Letter


def edits(typed: str) -> tuple[Edit, ...]:
    """What marks the words of a search in the tree of an HTML body, before it is made harmless."""
    terms = _terms(typed)
    return (mark_words(terms),) if terms else ()


def in_letter(letter: Letter, typed: str) -> Letter:
    """A letter with the words of a search marked in its plain text."""
    if not typed or not letter.text:
        return letter
    terms = _terms(typed)
    # `marked_html` adds marks to what is safe HTML already.
    text, quoted = (mark_safe(marked_html(one, terms)) for one in (letter.text, letter.quoted))  # noqa: S308 # see above
    return replace(letter, text=text, quoted=quoted)


def _terms(typed: str) -> tuple[Term, ...]:
    return terms_for(search.understood(typed), "body") if typed else ()
