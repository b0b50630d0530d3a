"""What a message is known by when it is judged: its words and its manner, as numbers. Pure.

A token is 63 bits: those of a keyless hash, and in the last two which kind of thing it is (`bayes`
weighs the kinds apart), so that a table of them has rows of one size. Everything is
capped: a message gives at most `MOST` tokens and costs about two milliseconds, whatever is in it.
Fields that servers and filters on the way wrote are left out: some are counted by `upstream`, and
a Bayes that learned from them would learn to believe them, or which mailbox mail was pulled from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import Final

from filtering import manner
from mailstore import headers, html_text, mime, structure
from mailstore.headers import Headers
from mailstore.structure import Tree
from mailstore.tokens import fold, is_unspaced
from mailstore.tokens import tokens as split

MOST: Final = 1500
#: Of all texts of a message together, in bytes, and of its words.
TEXT: Final = 48 * 1024
WORDS: Final = 1200
FILES: Final = 10
ADDRESSES: Final = 40
_LEAST, _LONGEST = 3, 20
# Fields whose words tell something, and the letter that stands before these words.
_FIELDS: Final = {
    "subject": "s", "from": "f", "reply-to": "r", "to": "t", "x-mailer": "m", "user-agent": "m",
    "organization": "o", "x-priority": "x", "importance": "x",
}  # fmt: skip
_LINK: Final = re.compile(r"\bhttps?://([^\s/\"'<>?#]{1,200})", re.I)
_TAG: Final = re.compile(
    r"<(a|font|img|form|input|script|style|iframe|table|td|body|meta|h[1-6]|center|map|b|u|br|p)"
    r"\b([^<>]{0,200})", re.I
)  # fmt: skip
_TRAIT: Final = re.compile(
    r"\b(color|bgcolor|size|face|width|height|action|method)\s{0,3}=\s{0,3}[\"']?([\w#.%+-]{1,20})",
    re.I,
)
_SHOUTED: Final = re.compile(r"\b[A-Z]{4,}\b")
_MARKS: Final = re.compile(r"[$!?]{2,}|[$\u20ac\u00a3]\d|\d\s?%")
_ADDRESS: Final = re.compile(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){1,6})")


class Kind(IntEnum):
    """What a token is about: how the head is made, people and links, the look, the words."""

    HEAD = 0
    NAMES = 1
    LOOK = 2
    WORDS = 3


def of(raw: bytes) -> frozenset[int]:
    """The tokens of a message, or of the beginning of a large one. Never raises."""
    found: dict[tuple[str, Kind], None] = {}
    for one in _words(raw):
        found[one] = None
        if len(found) >= MOST:
            break
    return frozenset(number(word, kind) for word, kind in found)


@lru_cache(maxsize=65536)
def number(word: str, kind: Kind) -> int:
    """A token as the number a row keeps."""
    digest = blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 3 << 2 | kind


def kind_of(token: int) -> Kind:
    """What kind of thing a token is."""
    return Kind(token & 3)


def _words(raw: bytes) -> Iterator[tuple[str, Kind]]:
    fields = headers.parse(raw)
    tree = structure.parse(raw)
    for one in manner.of(fields):
        yield f"h:{one}", Kind.HEAD
    yield from ((one, Kind.HEAD) for one in _of_shape(tree))
    yield from ((one, Kind.NAMES) for one in _of_fields(fields))
    yield from _of_text(tree, raw)


def _of_fields(fields: Headers) -> Iterator[str]:
    for name, letter in _FIELDS.items():
        text = fields.text(name)[:1000]
        words = split(text, 60)
        for word in words:
            yield f"{letter}:{word[:_LONGEST]}"
        if name == "subject":
            yield from (f"s:{one} {two}" for one, two in pairwise(words))
            yield from (f"s!{mark}" for mark in _loudness(text))
    for name in ("from", "reply-to"):
        for person in mime.people(fields, name)[:3]:
            yield f"{name[0]}@{person.address.casefold()}"
            yield f"{name[0]}@{person.address.rpartition('@')[2].casefold()}"


def _of_shape(tree: Tree) -> Iterator[str]:
    for node in tree.leaves[: 3 * FILES]:
        yield f"part:{node.content_type}"
        yield f"charset:{node.charset.lower()[:30]}"
        yield f"encoding:{node.encoding[:20]}"
        if node.filename:
            yield f"file:{node.filename.rpartition('.')[2].lower()[:10]}"


def _of_text(tree: Tree, raw: bytes) -> Iterator[tuple[str, Kind]]:
    found, room, words = structure.bodies(tree), TEXT, WORDS
    nodes = {id(one): one for one in (*found.text, *found.html)}
    for node in nodes.values():
        if room <= 0 or words <= 0:
            return
        text = structure.text(tree, node, raw, room, guess=False)
        room -= len(text)
        yield from ((one, Kind.NAMES) for one in _of_links(text))
        if node.content_type == "text/html":
            yield from ((one, Kind.LOOK) for one in _of_html(text))
            text = html_text.words(text)
        yield from ((f"b!{mark}", Kind.LOOK) for mark in _loudness(text))
        said = _body_words(text, words)
        words -= len(said)
        yield from ((one, Kind.WORDS) for one in said)


def _body_words(text: str, most: int) -> list[str]:
    """Words and pairs of neighbours; a word that is too long tells no more than that."""
    found: list[str] = []
    before = ""
    # Folding costs as much as all the rest: only as much of it as can be needed.
    for word in split(text[: 16 * most], most):
        if len(word) > _LONGEST:
            found.append(f"long:{word[0]}{len(word) // 10}")
            before = ""
            continue
        if len(word) >= _LEAST or is_unspaced(word):
            found.append(word)
        if before:
            found.append(f"{before} {word}")
        before = word
    return found


def _of_links(text: str) -> Iterator[str]:
    for host in list(dict.fromkeys(_LINK.findall(text)))[:ADDRESSES]:
        name = fold(host).rpartition("@")[2].partition(":")[0]
        yield "u:numeric" if name.replace(".", "").isdigit() else f"u:{name}"
        labels = name.split(".")
        yield from (f"u:{'.'.join(labels[at:])}" for at in range(1, min(len(labels) - 1, 3)))
        if "@" in host:
            yield "u:user"
    for domain in list(dict.fromkeys(_ADDRESS.findall(text)))[:ADDRESSES]:
        yield f"a:{fold(domain)}"


def _of_html(text: str) -> Iterator[str]:
    for tag, traits in _TAG.findall(text[: TEXT // 2])[:400]:
        yield f"<{tag.lower()}"
        for name, value in _TRAIT.findall(traits):
            yield f"<{tag.lower()} {name.lower()}={value.lower()}"


def _loudness(text: str) -> Iterator[str]:
    """How it is said: shouting, money, percentages."""
    head = text[:8192]
    yield from ("".join(sorted(set(one)))[:4] for one in _MARKS.findall(head)[:20])
    many = len(_SHOUTED.findall(head))
    if many:
        yield f"shouts{many.bit_length()}"
