"""Reads HTML that the cleaner wrote: one pattern instead of a parser for all the world's HTML.

The cleaner writes a tree, so every value is quoted and every "<" of the text is escaped; what
looks otherwise is taken for text. An attribute without a value is one too: we mark quotes so.
Linear, and about four times as fast as `html.parser`, which counts for a message of two million
letters that is saved every few seconds.
"""

from __future__ import annotations

import re
from html import unescape

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s[^<>\"=\s]+(?:=\"[^\"]*\")?)*)\s*>")
_ATTRIBUTE = re.compile(r"\s([^<>\"=\s]+)(?:=\"([^\"]*)\")?")


class CleanParser:
    """Calls its own `handle_…` for each element and text, in order; made to be built on."""

    def handle_starttag(self, tag: str, attrs: dict[str, str]) -> None:
        """An element begins. ``attrs`` are free of references to characters."""

    def handle_endtag(self, tag: str) -> None:
        """An element ends; those that hold nothing (br, img) never do."""

    def handle_data(self, data: str) -> None:
        """Text, free of references to characters. Never empty."""

    def feed(self, html: str) -> None:
        """Read it all."""
        at = 0
        for found in _TAG.finditer(html):
            start = found.start()
            if start > at:
                self.handle_data(unescape(html[at:start]))
            at = found.end()
            closing, tag, attributes = found.groups()
            if closing:
                self.handle_endtag(tag)
            else:
                given = _ATTRIBUTE.findall(attributes) if attributes else ()
                self.handle_starttag(tag, {name: unescape(value) for name, value in given})
        if at < len(html):
            self.handle_data(unescape(html[at:]))
