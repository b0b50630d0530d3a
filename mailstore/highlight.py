"""Marking the words that were searched for, in plain text and in safe HTML. Pure.

Nothing but ``<mark>`` is added, and only to text: what was safe stays so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from html import escape

from django.utils.safestring import SafeString, mark_safe

from mailstore.html_tree import Edit, Element
from mailstore.query import Query, Term
from mailstore.tokens import asked, fold, is_unspaced

#: Of text or HTML; what is longer is shown without marks.
MAX_MARKED = 1024 * 1024
#: Characters before the first hit of a passage, and in all of it.
BEFORE, PASSAGE = 20, 240
# Words with the marks that belong to their letters, and single pictures.
_WORD = re.compile(
    "[^\\W_](?:[^\\W_]|[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06ed\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u00ad"
    "\u200c\u200d])*|[\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff]"
)
# A tag with its quoted values, a comment, or a reference: nothing in them is text.
_MARKUP = re.compile(r"""<!--.*?-->|<(?:[^<>"']|"[^"]*"|'[^']*')*>|&[#\w]{1,32};""", re.S)
_UNSEEN = re.compile(r"<(style|title|script|textarea)\b", re.I)

# Tells where in a word a hit is.
Finder = Callable[[str], tuple[int, int] | None]


def terms_for(wanted: Query, field: str) -> tuple[Term, ...]:
    """The terms to mark in a field: "sender", "to", "subject" or "body"."""
    return tuple(one for one in wanted.shown if one.field in ("", field))


def marked(text: str, terms: Sequence[Term]) -> SafeString:
    """Text as HTML, escaped, with what the terms found in it marked."""
    if not terms or len(text) > MAX_MARKED:
        return SafeString(escape(text))
    text = unicodedata.normalize("NFC", text)
    out, at = [], 0
    for start, end in _hits(text, _finder(tuple(terms))):
        out += [escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
        at = end
    out.append(escape(text[at:]))
    return mark_safe("".join(out))  # noqa: S308 - all of the text went through escape


def marked_html(html: str, terms: Sequence[Term]) -> str:
    """Safe HTML with what the terms found in its text marked; else exactly as it was."""
    if not terms or len(html) > MAX_MARKED:
        return html
    finder = _finder(tuple(terms))
    out, at, unseen = [], 0, ""
    for found in _MARKUP.finditer(html):
        out.append(
            html[at : found.start()] if unseen else _in_text(html[at : found.start()], finder)
        )
        out.append(found[0])
        at = found.end()
        if unseen:
            unseen = "" if found[0].lower().startswith(f"</{unseen}") else unseen
        elif opened := _UNSEEN.match(found[0]):
            unseen = opened[1].lower()
    out.append(html[at:] if unseen else _in_text(html[at:], finder))
    return "".join(out)


def mark_words(terms: Sequence[Term]) -> Edit:
    """An edit that marks what the terms find in the text of a tree; see `html_tree.Edit`."""
    finder = _finder(tuple(terms))

    def edit(root: Element) -> None:
        for one in root.walk():
            if one.tag != "mark":
                one.children = [piece for child in one.children for piece in _split(child, finder)]

    return edit


def _split(child: Element | str, finder: Finder) -> Iterator[Element | str]:
    if isinstance(child, Element):
        yield child
        return
    at = 0
    for start, end in _hits(child, finder):
        yield child[at:start]
        yield Element("mark", {}, [child[start:end]])
        at = end
    yield child[at:]


def _in_text(text: str, finder: Finder) -> str:
    out, at = [], 0
    for start, end in _hits(text, finder):
        out += [text[at:start], "<mark>", text[start:end], "</mark>"]
        at = end
    return "".join(out) + text[at:] if out else text


def passage(text: str, terms: Sequence[Term]) -> SafeString:
    """The words around the first hit of a text, marked; empty where there is none."""
    line = unicodedata.normalize("NFC", " ".join(text[:MAX_MARKED].split()))
    first = next(iter(_hits(line, _finder(tuple(terms)))), None) if terms else None
    if first is None:
        return SafeString("")
    start = max(0, first[0] - BEFORE)
    # From a whole word on.
    start = line.find(" ", start, first[0]) + 1 if start else 0
    cut = line[start : start + PASSAGE]
    return marked(f"… {cut}" if start else cut, terms)


def beginning(text: str, terms: Sequence[Term]) -> SafeString:
    """How a text begins or, where a hit comes later than a line shows, the words around it."""
    return passage(text, terms) or SafeString(escape(text))


def _hits(text: str, finder: Finder) -> Iterator[tuple[int, int]]:
    """Where hits begin and end, one after the other."""
    for word in _WORD.finditer(text):
        at = word.start()
        while at < word.end() and (inside := finder(text[at : word.end()])) is not None:
            yield at + inside[0], at + inside[1]
            at += inside[1]


@lru_cache(maxsize=64)
def _finder(terms: tuple[Term, ...]) -> Finder:
    """What finds these terms."""
    whole = {word for term in terms for word in term.words if not is_unspaced(word)}
    begun = tuple(
        term.words[-1] for term in terms if term.is_open and not is_unspaced(term.words[-1])
    )
    runs = [run for term in terms for run in _runs(term)]

    def find(word: str) -> tuple[int, int] | None:
        if word.isascii():  # most words: nothing to be taken apart
            lower = word.lower()
            found = lower in whole or lower.startswith(begun)
            return (0, len(word)) if found else None
        folded = fold(word)
        for run in runs:
            if (at := folded.find(run)) >= 0:
                # Where folding changed the length, places do not agree: the whole word then.
                fits = len(folded) == len(word)
                return (at, at + len(run)) if fits else (0, len(word))
        for part in asked(word):
            if part in whole or part.startswith(begun):
                return 0, len(word)
        return None

    return find


def _runs(term: Term) -> list[str]:
    """The parts of a term that are written without spaces, put together again from pairs."""
    found: list[str] = []
    last = ""
    for word in term.words:
        if not is_unspaced(word):
            last = ""
            continue
        if last and last[-1] == word[0] and len(word) > 1:
            found[-1] += word[1:]
        else:
            found.append(word)
        last = word
    return found
