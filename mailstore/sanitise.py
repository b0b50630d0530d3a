"""HTML of mail made harmless: an allow-list over a parsed tree; nothing touches the result.

It is the first of three layers; the others are the sandbox of the frame and the policy of its
response, and each has to hold alone. Limits are applied before parsing, as tree builders take
quadratic time on deep input.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice

import nh3

from mailstore import dark, html_text, html_tree, links
from mailstore.css import PROPERTIES, STRICT_PROPERTIES, Styles
from mailstore.html_tree import Edit
from mailstore.text import tidy

MAX_HTML = 2 * 1024 * 1024
MAX_DEPTH = 256
MAX_ELEMENTS = 100_000
# Start tags times formatting elements left open: what a tree builder has to open again.
MAX_REOPENED = 300_000
MAX_URL = 8192
MAX_DATA_URL = 1024 * 1024

# Given the Content-ID of an inline image, its address on our own site; None if there is none.
Resolve = Callable[[str], str | None]


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


TAGS = _names(
    "a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup"
    " dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins"
    " kbd li main mark nav ol p pre q s samp section small span strike strong sub sup table tbody"
    " td tfoot th thead time tr tt u ul var wbr"
)
# What edits may add; a sender's own are let through as well.
FOLDS = _names("details summary")
# Their content is no text to read. svg and math are here because other rules hold inside them.
DROPPED = _names(
    "applet audio canvas datalist embed frame frameset head iframe math noembed noframes noscript"
    " object option script select style svg template textarea title video"
)
_EVERYWHERE = _names("class dir lang style title")
_SCHEMES = {"http", "https", "mailto", "tel", "cid", "data"}
_CELL = _names("align background bgcolor colspan height nowrap rowspan valign width")
ATTRIBUTES: dict[str, set[str]] = {
    "*": set(_EVERYWHERE),
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "align", "border", "hspace", "vspace"},
    "font": {"color", "face", "size"},
    "table": {
        "align", "background", "bgcolor", "border", "cellpadding", "cellspacing", "height", "width",
    },
    "td": set(_CELL),
    "th": set(_CELL) | {"scope"},
    "tr": {"align", "background", "bgcolor", "height", "valign"},
    "col": {"align", "span", "valign", "width"},
    "colgroup": {"align", "span", "valign", "width"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "li": {"type", "value"},
    "hr": {"align", "color", "noshade", "size", "width"},
    "time": {"datetime"},
    "bdo": {"dir"},
    **{name: {"align"} for name in ("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "caption")},
}  # fmt: skip
_LINK_SCHEMES = ("http:", "https:", "mailto:", "tel:")
# The page that asks before a marked link is followed; what it does not know, it shows to nobody.
_OUR_PAGE = re.compile(r"/leaving/\?to=[A-Za-z0-9_%:.-]+\Z")
_REMOTE = re.compile(r"(?:https?:)?[\\/]{2}|https?:|ftp:", re.IGNORECASE)
_DATA_IMAGE = re.compile(
    r"data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=%]+\Z", re.IGNORECASE
)
# Browsers ignore these inside an address, so they must not hide its scheme from us.
_IGNORED = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
# Elements that hold nothing, and those that close each other instead of nesting.
_FLAT = _names(
    "area base br col embed hr img input link meta param source track wbr"
    " p li dt dd tr td th tbody thead tfoot option"
)
_FORMATTING = _names("a b big code em font i nobr s small strike strong tt u")
# Fonts and colours of the whole letter, which the tree would lose with the element.
_STYLED_BODY = re.compile(r"<body\b(?=[^<>]*\sstyle\s*=)", re.IGNORECASE)
_STYLE = re.compile(r"<style\b[^<>]*>", re.IGNORECASE)
_STYLE_END = re.compile(r"</style", re.IGNORECASE)

_LINKS = re.compile(r"https?://[^\s<>\"']{1,2000}|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_TRAILING = ".,;:!?)]}"


@dataclass(frozen=True, slots=True)
class CleanHtml:
    """HTML that may be shown in the mail frame, and how many remote images were kept out.

    `simplified` says that the original was too large or too deep and is shown as plain text,
    `own_colours` that it brings colours or pictures, which are made for a light page.
    """

    html: str
    blocked_remote: int
    simplified: bool = False
    own_colours: bool = False


def clean(
    html: str,
    *,
    resolve: Resolve = lambda content_id: None,
    allow_remote: bool = False,
    proxy: Callable[[str], str] | None = None,
    strict: bool = False,
    edits: Sequence[Edit] = (),
    for_dark: bool = False,
) -> CleanHtml:
    """Make the HTML of a mail harmless. Never raises.

    `resolve` finds inline images; remote ones are blocked and counted unless `allow_remote`, and
    then go through `proxy` if there is one. `strict` is for places inside our own pages, such as
    a quoted reply: no style sheets, classes or images. `edits` change the tree before the
    cleaning; what they make is judged like the rest. `for_dark` gives every colour a second
    value for dark pages.
    """
    html = tidy(html)
    if not fits(html):
        return CleanHtml(text_to_html(html_text.words(html[:MAX_HTML])), 0, simplified=True)
    cleaner = _Cleaner(resolve, allow_remote, proxy, strict=strict, for_dark=for_dark)
    if for_dark:
        edits = (*edits, dark.lift_colours)
    cleaned = cleaner.clean(html, edits)
    return CleanHtml(cleaned, cleaner.blocked, own_colours=cleaner.own_colours)


def edited(html: str, edits: Sequence[Edit]) -> str:
    """HTML with its tree made regular and changed; not safe to be shown before it is cleaned."""
    kept = nh3.clean(
        _STYLED_BODY.sub("<div", html),
        tags=set(TAGS | FOLDS),
        clean_content_tags=set(DROPPED),
        attributes=ATTRIBUTES,
        url_schemes=_SCHEMES,
        url_relative="pass_through",
        link_rel=None,
        strip_comments=True,
    )
    root = html_tree.read(kept)
    for edit in edits:
        edit(root)
    return html_tree.write(root)


def fits(html: str) -> bool:
    """True if a tree of it can be built in reasonable time: size, depth, number of elements."""
    if len(html) > MAX_HTML:
        return False
    depth = formatting = elements = reopened = 0
    for found in _TAG.finditer(html):
        name = found[2].lower()
        step = -1 if found[1] else 1
        if name not in _FLAT:
            depth = max(0, depth + step)
        if name in _FORMATTING:
            formatting = max(0, formatting + step)
        if step > 0:
            elements += 1
            reopened += formatting
        if depth > MAX_DEPTH or elements > MAX_ELEMENTS or reopened > MAX_REOPENED:
            return False
    return True


class _Cleaner:
    """One run over one message; counts what it blocks."""

    def __init__(
        self,
        resolve: Resolve,
        allow_remote: bool,
        proxy: Callable[[str], str] | None,
        *,
        strict: bool,
        for_dark: bool,
    ) -> None:
        self.blocked = 0
        self._has_own = False
        self._resolve = resolve
        self._allow_remote = allow_remote
        self._proxy = proxy
        self._strict = strict
        self._styles = Styles(
            self._picture,
            STRICT_PROPERTIES if strict else PROPERTIES,
            dark.repaint if for_dark else None,
        )

    @property
    def own_colours(self) -> bool:
        return self._has_own or self._styles.brings_colours

    def clean(self, html: str, edits: Sequence[Edit]) -> str:
        sheets = "" if self._strict else self._sheets(html)
        body = nh3.clean(
            edited(html, edits) if edits else html,
            tags=set(TAGS - {"img"} if self._strict else TAGS | FOLDS),
            clean_content_tags=set(DROPPED),
            attributes=ATTRIBUTES,
            attribute_filter=self._attribute,
            url_schemes=_SCHEMES,
            url_relative="pass_through",
            link_rel="noopener noreferrer nofollow",
            set_tag_attribute_values={"a": {"target": "_blank"}},
            strip_comments=True,
        )
        # The style sheet was written by us from allowed tokens; the body stays as nh3 made it.
        return f"<style>{sheets}</style>{body}" if sheets else body

    def _sheets(self, html: str) -> str:
        out: list[str] = []
        at = 0
        while found := _STYLE.search(html, at):
            end = _STYLE_END.search(html, found.end())
            out.append(self._styles.sheet(html[found.end() : end.start() if end else len(html)]))
            if end is None:
                break
            at = end.end()
        return "".join(out)

    def _attribute(self, tag: str, name: str, value: str) -> str | None:
        if name == "style":
            return self._styles.attribute(value) or None
        if name == "href":
            return _link(value)
        if name in ("src", "background"):
            self._has_own = True
            return self._picture(value)
        if name in ("bgcolor", "color"):
            self._has_own = True
        if name == "class":
            return None if self._strict else value
        return value

    def _picture(self, address: str) -> str | None:
        """Where an image may be had, or None. Remote ones are counted."""
        address = _IGNORED.sub("", address)
        if address[:4].lower() == "cid:":
            return self._resolve(address[4:].strip("<>"))
        if address[:5].lower() == "data:":
            fits_in = len(address) <= MAX_DATA_URL and _DATA_IMAGE.match(address)
            return address if fits_in else None
        if not _REMOTE.match(address) or len(address) > MAX_URL:
            return None
        if not self._allow_remote or not address.lower().startswith(("http://", "https://")):
            self.blocked += 1
            return None
        return self._proxy(address) if self._proxy else address


def _link(address: str) -> str | None:
    address = links.plain(address) if len(address) <= MAX_URL else ""
    is_link = address.lower().startswith(_LINK_SCHEMES) or _OUR_PAGE.match(address)
    return address if is_link else None


def text_to_html(text: str) -> str:
    """Plain text as HTML: escaped, line ends kept, web and mail addresses made into links.

    Those that hide where they lead are marked as in HTML; see `links`.
    """
    text = tidy(text)
    out: list[str] = []
    at = 0
    for found in islice(_LINKS.finditer(text), links.MAX_LINKS):
        shown = found[0].rstrip(_TRAILING)
        if found[0].startswith("http") and "(" in shown and found[0][len(shown) :].startswith(")"):
            # A bracket that was opened inside the address belongs to it.
            shown += ")"
        target = shown if shown.startswith("http") else f"mailto:{shown}"
        out += [escape(text[at : found.start()]), _text_link(target, shown)]
        at = found.start() + len(shown)
    out.append(escape(text[at:]))
    return f'<div class="plain-text">{"".join(out)}</div>'


def _text_link(target: str, shown: str) -> str:
    why = links.reason(target, shown)
    href = links.address(target, why) if why else target
    mark = f'<mark class="{links.CLASS}" dir="ltr">{escape(links.warning(target))}</mark>'
    return (
        f'<a href="{escape(href)}" target="_blank" rel="noopener noreferrer nofollow">'
        f"{escape(shown)}</a>{mark if why else ''}"
    )
