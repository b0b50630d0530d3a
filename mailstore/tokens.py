"""Words of a text as the search index knows them, the same for both databases and for queries.

Case and accents are folded away. Scripts written without spaces become overlapping pairs of
characters, so that any part of a sentence can be found. A picture character is a word.
"""

import re
import unicodedata
from collections.abc import Iterator

MAX_LENGTH = 64
MIN_DIGITS, MAX_DIGITS = 4, 20
# Skin tones are no words of their own.
_WORD = re.compile("[^\\W_]+|[\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001f3fa\U0001f400-\U0001faff]")
# Letters that Unicode does not take apart, and joiners inside words.
_LIKE = str.maketrans(
    dict(zip("\u0131\u00f8\u0142\u0111\u00f0\u0127", "iolddh", strict=True))
    | {"\u00e6": "ae", "\u0153": "oe", "\u00fe": "th"}
    | dict.fromkeys("\u00ad\u0640\u200c\u200d\u2060", "")
)
_DIGITS = re.compile(r"\d+(?:[ .,'\u2019/()-]{1,2}\d+)+")
# Thai, Lao, Burmese, Khmer, kana, Han, Hangul.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)


def fold(text: str) -> str:
    """Text without distinctions of case, accent and width."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in apart if not unicodedata.category(char).startswith("M"))
    # Composed again: Hangul syllables came apart as well.
    return unicodedata.normalize("NFC", bare).casefold().translate(_LIKE)


def tokens(text: str, limit: int) -> list[str]:
    """The words of `text` in their order, at most `limit` of them."""
    found: list[str] = []
    for match in _WORD.finditer(fold(text)):
        word = match[0]
        if word.isascii():
            found.append(word[:MAX_LENGTH])
        else:
            found.extend(_split(word))
        if len(found) >= limit:
            break
    return found[:limit]


def numbers(text: str, limit: int) -> list[str]:
    """Numbers written in groups (1,234.50, +49 170 12345), as the digits alone."""
    found: list[str] = []
    for match in _DIGITS.finditer(fold(text)):
        digits = "".join(char for char in match[0] if char.isdecimal())
        if MIN_DIGITS <= len(digits) <= MAX_DIGITS:
            found.append(digits)
        if len(found) >= limit:
            break
    return found


def _split(word: str) -> Iterator[str]:
    at = 0
    for run in _UNSPACED.finditer(word):
        if run.start() > at:
            yield word[at : run.start()][:MAX_LENGTH]
        yield from pairs(run[0])
        # A single character asked for is looked up as a prefix; the last begins no pair.
        yield run[0][-1]
        at = run.end()
    if at < len(word):
        yield word[at:][:MAX_LENGTH]


def is_unspaced(word: str) -> bool:
    """Whether a word of the index is a piece of a script without spaces."""
    return _UNSPACED.match(word) is not None


def pairs(run: str) -> list[str]:
    """Overlapping pairs of characters."""
    return [run[place : place + 2] for place in range(len(run) - 1)]


def asked(text: str) -> list[str]:
    """The words of a query: as `tokens`, but without the extra last character of a run."""
    found: list[str] = []
    for match in _WORD.finditer(fold(text[:1000])):
        word, at = match[0], 0
        for run in _UNSPACED.finditer(word):
            found += [word[at : run.start()]] if run.start() > at else []
            found += pairs(run[0]) or [run[0]]
            at = run.end()
        found += [word[at:]] if at < len(word) else []
    return [word[:MAX_LENGTH] for word in found]
