"""The words of an HTML body, for list lines and the search index. Linear; never for display."""

import re
from html import unescape

# Each alternative stops at the next "<", so no input makes it look twice.
_TAG = re.compile(r"<[!/?a-zA-Z][^<>]*>?")
_BLOCK = re.compile(
    r"</?(?:p|div|br|tr|table|li|ul|ol|h[1-6]|blockquote|pre|hr|section|article)\b[^<>]*>", re.I
)
_SPACES = re.compile(r"[ \t\xa0\u200c\u034f\u00ad]+")
_UNSEEN = ("style", "script", "title", "head")


def words(html: str) -> str:
    """Text of `html` without tags, styles, scripts and comments; blocks on lines of their own."""
    for name in _UNSEEN:
        html = _without(html, f"<{name}", f"</{name}")
    html = _without(html, "<!--", "-->")
    text = unescape(_TAG.sub(" ", _BLOCK.sub("\n", html)))
    return _SPACES.sub(" ", text)


def _without(html: str, opening: str, closing: str) -> str:
    lower = html.lower()
    if len(lower) != len(html):
        # A few letters change their length in lower case; then places would not agree.
        lower = html
    out, at = [], 0
    while (start := lower.find(opening, at)) >= 0:
        after = lower[start + len(opening) : start + len(opening) + 1]
        if opening != "<!--" and after.isalnum():
            out.append(html[at : start + len(opening)])
            at = start + len(opening)
            continue
        out.append(html[at:start])
        end = lower.find(closing, start)
        if end < 0:
            # Left open: drop the opening mark alone, so that no text is lost.
            at = start + len(opening)
            break
        at = end + len(closing)
        if closing != "-->":
            at = (lower.find(">", at) + 1) or len(html)
    out.append(html[at:])
    return " ".join(out)
