"""HTML of a message being written as plain text, and plain text as HTML. Pure and linear.

The text is for programs that show no HTML, for writers who leave formatting, and for answers to
mail that has only HTML. Written by hand: what does this elsewhere brings an XML library and an
HTTP client along and knows neither quotes nor signatures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from itertools import count, takewhile

from mailstore.clean_parser import CleanParser
from smtp_accounts.quoting import SIGNATURE_MARK

# Deeper quotes keep their marks as words: nobody reads them, and trees have limits.
MAX_LEVELS = 20
MAX_SHOWN_URL = 2000
# More are no letter but a file; they stay one element, which costs no browser its patience.
MAX_LINES = 20_000

_SPACES = re.compile(r"[ \t\n\r\f]+")
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_VOID = frozenset({"br", "col", "hr", "img", "wbr"})
_APART = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "figure", "pre"})
_BLOCKS = frozenset({
    "address", "article", "aside", "caption", "center", "dd", "div", "dt", "figcaption", "footer",
    "header", "li", "main", "nav", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
})  # fmt: skip
_LINKS = re.compile(r"https?://[^\s<>\"']{1,2000}")
_QUOTE_MARKS = re.compile(r"(?:> ?)*")


@dataclass(slots=True)
class _List:
    """An open list; `numbers` is None where its entries have bullets."""

    numbers: count[int] | None


@dataclass(slots=True)
class _Walk:
    """The text so far, line by line, and where in it we are. `line` is the one begun, in pieces:
    put together anew for each of them, a long one would take as long as its length squared."""

    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    depth: int = 0
    indent: int = 0
    marker: str = ""
    gap: bool = False
    gap_depth: int = 0
    at_start: bool = False
    waits_for_signature: bool = False

    def write(self, words: str, *, keeps_spaces: bool = False) -> None:
        """Add words to the line."""
        if not keeps_spaces:
            words = _SPACES.sub(" ", words)
            if not self.line or self.line[-1].endswith(" "):
                words = words.removeprefix(" ")
        if words:
            if not self.line:
                self._begin()
            self.line.append(words)

    def end(self) -> None:
        """End the line if there is anything on it."""
        line = "".join(self.line)
        if line.strip():
            self._put(line, self.depth)
        self.line = []

    def end_entry(self) -> None:
        """End an entry of a list; an empty one has its mark all the same."""
        if self.marker:
            self._begin()
        self.end()

    def new_line(self) -> None:
        """A line end that was asked for."""
        if self.line:
            self.end()
            return
        self.gap = self.at_start = False
        self._put("", self.depth)

    def apart(self) -> None:
        """Leave a line free before what comes next, if anything does."""
        self.end()
        if self.lines and not self.at_start:
            self.gap_depth = min(self.gap_depth, self.depth) if self.gap else self.depth
            self.gap = True

    def _begin(self) -> None:
        if self.gap and self.lines[-1].strip("> "):
            self._put("", self.gap_depth)
        self.gap = self.at_start = False
        if self.waits_for_signature:
            self.waits_for_signature = False
            self.lines.append(SIGNATURE_MARK)
        width = max(0, self.indent - len(self.marker))
        lead = " " * width + self.marker
        self.line = [lead] if lead else []
        self.marker = ""

    def _put(self, line: str, depth: int) -> None:
        line = line.replace("\xa0", " ").rstrip()
        if depth:
            line = f"{'>' * depth} {line}".rstrip()
        elif line.startswith(">"):
            # Words of the writer's own must not look like a quote.
            line = f" {line}"
        self.lines.append(line)


class _Reader(CleanParser):
    """Reads HTML that has been cleaned, so that every element is closed and allowed."""

    def __init__(self) -> None:
        self.walk = _Walk()
        self._lists: list[_List] = []
        self._link = ("", 0, 0)
        self._hidden = 0
        self._pre = 0
        self._cites: list[bool] = []

    def handle_starttag(self, tag: str, attrs: dict[str, str]) -> None:
        if self._hidden or _HIDDEN.search(attrs.get("style", "")):
            self._hidden += tag not in _VOID
            return
        if tag in _APART or (tag in ("ul", "ol") and not self._lists) or "data-quote" in attrs:
            self.walk.apart()
        elif tag in _BLOCKS or tag in ("ul", "ol"):
            self._open_block(tag)
        self._open(tag, attrs)

    def _open_block(self, tag: str) -> None:
        if tag in ("td", "th") and self.walk.line:
            self.walk.write(" ")
        else:
            self.walk.end()

    def _open(self, tag: str, given: dict[str, str]) -> None:
        walk = self.walk
        if "data-signature" in given:
            walk.apart()
            walk.waits_for_signature = True
        if tag == "br":
            walk.new_line()
        elif tag == "hr":
            walk.end()
            walk.write("-" * 40)
            walk.end()
        elif tag == "img" and given.get("alt", "").strip():
            walk.write(f"[{given['alt'].strip()}]")
        elif tag == "a":
            self._link = (given.get("href", ""), len(walk.lines), len(walk.line))
        elif tag == "blockquote":
            self._open_quote(given.get("type") == "cite")
        elif tag in ("ul", "ol"):
            start = given.get("start", "")
            first = int(start) if start.isdecimal() and len(start) < 7 else 1
            self._lists.append(_List(count(first) if tag == "ol" else None))
        elif tag == "li" and self._lists:
            self._open_entry()
        elif tag == "pre":
            self._pre += 1

    def _open_quote(self, is_cite: bool) -> None:
        self.walk.end()
        if is_cite:
            # What introduces a quote stands right above it.
            self.walk.gap, self.walk.at_start = False, True
        else:
            self.walk.apart()
        self._cites.append(is_cite)
        self.walk.depth = min(len(self._cites), MAX_LEVELS)

    def _open_entry(self) -> None:
        numbers = self._lists[-1].numbers
        self.walk.marker = "* " if numbers is None else f"{next(numbers)}. "
        self.walk.indent += len(self.walk.marker)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            self._hidden -= 1
            return
        walk = self.walk
        if tag == "a":
            self._close_link()
        elif tag == "li" and self._lists:
            walk.end_entry()
            walk.indent = 2 * (len(self._lists) - 1)
        elif tag in ("ul", "ol") and self._lists:
            walk.end()
            self._lists.pop()
            walk.indent = 2 * len(self._lists)
            if not self._lists:
                walk.apart()
        elif tag == "blockquote" and self._cites:
            self._close_quote()
        elif tag in _APART:
            self._pre -= tag == "pre"
            walk.apart()
        elif tag in _BLOCKS and tag not in ("td", "th"):
            walk.end()

    def _close_quote(self) -> None:
        self.walk.end()
        is_cite = self._cites.pop()
        self.walk.depth = min(len(self._cites), MAX_LEVELS)
        if self.walk.gap:
            self.walk.gap_depth = min(self.walk.gap_depth, self.walk.depth)
        if not is_cite:
            self.walk.apart()

    def _close_link(self) -> None:
        href, lines, start = self._link
        self._link = ("", 0, 0)
        target = href.removeprefix("mailto:").removeprefix("tel:")
        if not target or len(target) > MAX_SHOWN_URL or lines != len(self.walk.lines):
            return
        shown = "".join(self.walk.line[start:]).strip()
        if shown and _bare(shown) != _bare(target):
            self.walk.write(f"<{target}>" if self.walk.line[-1].endswith(" ") else f" <{target}>")

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if not self._pre:
            self.walk.write(data)
            return
        first, *others = data.split("\n")
        self.walk.write(first, keeps_spaces=True)
        for line in others:
            self.walk.new_line()
            self.walk.write(line, keeps_spaces=True)


def from_clean_html(html: str) -> str:
    """The text of HTML that `outgoing_html.clean` made; empty, or with a line end at its end."""
    reader = _Reader()
    reader.feed(html)
    reader.walk.end()
    lines = reader.walk.lines
    blank = sum(1 for _ in takewhile(lambda line: not line, lines))
    text = "\n".join(lines[blank:]).rstrip("\n")
    return f"{text}\n" if text.strip() else ""


def to_html(text: str) -> str:
    """HTML that says what the text says: lines, quotes (RFC 3676 section 4.5), web addresses."""
    if text.count("\n") > MAX_LINES:
        return f"<pre>{escape(text, quote=False)}</pre>"
    out: list[str] = []
    depth = 0
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    for line in lines if text else []:
        level, words = _level(line)
        out.append("</blockquote>" * (depth - level) + '<blockquote type="cite">' * (level - depth))
        depth = level
        out.append(f"<div>{_linked(words) or '<br>'}</div>")
    return "".join(out) + "</blockquote>" * depth


def _level(line: str) -> tuple[int, str]:
    marks = _QUOTE_MARKS.match(line)
    level = marks[0].count(">") if marks else 0
    if not marks or level > MAX_LEVELS:
        return min(level, MAX_LEVELS), line.lstrip("> ") if level else line
    return level, line[marks.end() :] if level else line


def _linked(text: str) -> str:
    # Runs of spaces are kept as they are.
    text = re.sub(r" (?= )|^ | $", "\xa0", text.replace("\t", "    "))
    out: list[str] = []
    at = 0
    for found in _LINKS.finditer(text):
        shown = found[0].rstrip(".,;:!?)]}")
        out += [
            escape(text[at : found.start()], quote=False),
            f'<a href="{escape(shown)}">{escape(shown)}</a>',
        ]
        at = found.start() + len(shown)
    return ("".join(out) + escape(text[at:], quote=False)).replace("\xa0", "&nbsp;")


def _bare(address: str) -> str:
    return re.sub(r"^https?://|^mailto:|/$", "", address).casefold()
