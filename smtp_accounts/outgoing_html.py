"""HTML of messages being written: cleaned when stored, finished when sent.

`clean` is the authority over what a browser posts; what it gives is kept in drafts, signatures
and templates and goes back into the editor. Marks of our own survive it: ``data-signature`` on
the signature's region, ``data-quote`` on what is quoted, ``data-cid`` on a picture that goes
along. A picture elsewhere keeps its address as ``data-src``: the receiver gets it as it was, but
the writer's own browser never asks for it, as it would tell the sender that, when and where the
answer was written.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from html import escape

import nh3

from mailstore import html_text, sanitise
from mailstore.clean_parser import CleanParser
from mailstore.css import PROPERTIES, Styles
from mailstore.text import tidy
from smtp_accounts import plain_text

MAX_QUOTE = 512 * 1024
MAX_URL = 8192

_TAGS = set(sanitise.TAGS) - {"time", "var"}
_ATTRIBUTES: dict[str, set[str]] = {
    **{name: set(kept) - {"background"} for name, kept in sanitise.ATTRIBUTES.items()},
    "*": {"dir", "lang", "style", "title"},
    "img": {"src", "alt", "width", "height", "align", "border", "data-cid", "data-src"},
    "blockquote": {"type", "cite"},
    "div": {"align", "data-signature", "data-quote"},
}
# What leaves the flow of the text or hides it could cover the window it is written in.
_STYLES = PROPERTIES - {
    "position", "overflow", "overflow-x", "overflow-y", "opacity", "visibility", "float", "clear",
    "background", "background-image", "background-position", "background-repeat",
    "background-size", "text-overflow", "text-size-adjust", "-webkit-text-size-adjust",
} | {"background-color"}  # fmt: skip
_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\s<>\"]", re.IGNORECASE)
_REMOTE = re.compile(r"https?://[^\s<>\"]+\Z", re.IGNORECASE)
# Where the editor shows a picture that goes along.
_OWN = re.compile(r"/compose/[0-9a-f-]{36}/inline/[0-9]{1,18}/\Z")
_CID = re.compile(r"[!#$%&'*+/=?^_`{|}~\w.@-]{1,200}\Z", re.ASCII)
_DATA = re.compile(r"data:(image/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/=]+)\Z")
_IGNORED = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_VOID = frozenset({"br", "col", "hr", "img", "wbr"})
_QUOTE_STYLE = "margin:0 0 0 0.8ex;border-left:2px solid #b8bec8;padding-left:1ex"
_APART = {"style": "margin-top:1em"}

# Attributes of a picture to what shall stand instead of them; None takes the picture out.
Picture = Callable[[dict[str, str]], dict[str, str] | None]


@dataclass(frozen=True, slots=True)
class Embedded:
    """A picture that was written into the HTML itself. `content_id` without the <>."""

    content_id: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Finished:
    """A whole document for the wire, and the pictures it names: `cids`, of which `embedded` are
    in nobody else's keeping."""

    html: str
    cids: tuple[str, ...]
    embedded: tuple[Embedded, ...]


def clean(html: str) -> str:
    """What may be kept of HTML: an allow-list over a parsed tree. Never raises.

    What is too large or too deep to be parsed in reasonable time becomes plain text.
    """
    html = tidy(html)
    if not sanitise.fits(html):
        lines = html_text.words(html[: sanitise.MAX_HTML]).splitlines()
        return from_text("\n".join(line.strip() for line in lines if line.strip()))
    styles = Styles(lambda address: None, frozenset(_STYLES))

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "style":
            return styles.attribute(value) or None
        check = _CHECKS.get(name)
        return check(value) if check else value

    kept = nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=set(sanitise.DROPPED),
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        url_relative="pass_through",
        link_rel=None,
        strip_comments=True,
    )
    return _rewritten(kept, _stored_picture)


def unmarked(html: str) -> str:
    """As `clean`, without the marks of a draft: for texts that are put into one (signatures,
    templates), where a second signature or quote would be taken for the draft's own."""
    return _rewritten(clean(html), lambda given: given, keeps_marks=False)


def quoted(html: str, pictures: Mapping[str, str]) -> str:
    """The HTML of somebody's message, fit to be quoted; empty when it is too large for that.

    `pictures` names the ones that go along: the Content-ID there to the one here. Marks that are
    ours alone are taken out: nobody else's message shall have a signature of ours to be swapped.
    """
    if len(html) > MAX_QUOTE or not sanitise.fits(tidy(html)):
        return ""

    def picture(given: dict[str, str]) -> dict[str, str] | None:
        cid = pictures.get(_cid(given))
        if cid:
            return {**_without(given, "src", "data-src"), "data-cid": cid}
        if "data-src" in given or _DATA.match(given.get("src", "")):
            # By the name of a picture in a signature, its place would show which is whose.
            return _without(given, "data-cid")
        return None

    return _rewritten(clean(html), picture, keeps_marks=False)


def finish(html: str, known: Collection[str] = ()) -> Finished:
    """The document to be sent, of HTML that `clean` made. `known` are the pictures there are.

    Others are left out; those written into the HTML become parts of the message, as hardly any
    mail program shows the former.
    """
    cids: dict[str, None] = {}
    embedded: dict[str, Embedded] = {}

    def picture(given: dict[str, str]) -> dict[str, str] | None:
        rest = _without(given, "src", "data-src", "data-cid")
        inside = _DATA.match(given.get("src", ""))
        cid = _cid(given)
        if cid in known:
            cids[cid] = None
            return {"src": f"cid:{cid}", **rest}
        if inside and (found := _embedded(inside[1], inside[2])):
            embedded[found.content_id] = found
            cids[found.content_id] = None
            return {"src": f"cid:{found.content_id}", **rest}
        return {"src": given["data-src"], **rest} if "data-src" in given else None

    body = _rewritten(html, picture, keeps_marks=False, is_sent=True)
    document = (
        '<!DOCTYPE html>\n<html><head>\n<meta http-equiv="Content-Type"'
        f' content="text/html; charset=utf-8">\n</head><body>\n{body}\n</body></html>\n'
    )
    return Finished(document, tuple(cids), tuple(embedded.values()))


def for_editor(html: str, resolve: Callable[[str], str]) -> str:
    """HTML that `clean` made, each picture that goes along with an address of our own site.

    `resolve` gives that of a Content-ID, or "" where it is not known.
    """

    def picture(given: dict[str, str]) -> dict[str, str] | None:
        cid = _cid(given)
        if not cid:
            return given
        address = resolve(cid)
        shown = {"src": address} if address else {}
        return {**shown, **_without(given, "src"), "data-cid": cid}

    return _rewritten(html, picture)


def cids(html: str) -> list[str]:
    """The Content-IDs of the pictures in HTML that `clean` made, in order, each once."""
    found: dict[str, None] = {}

    def picture(given: dict[str, str]) -> dict[str, str] | None:
        found[_cid(given)] = None
        return given

    _rewritten(html, picture)
    return [cid for cid in found if cid]


def to_text(html: str) -> str:
    """The words of HTML: quotes as "> ", links as "text <address>", lists, a signature's mark."""
    return plain_text.from_clean_html(clean(html))


def from_text(text: str) -> str:
    """HTML that says what a plain text says, its quotes as quotes and its links as links."""
    return plain_text.to_html(tidy(text))


def _source(address: str) -> str | None:
    """Where a picture may come from: along with the message, elsewhere, this site, or itself."""
    address = _IGNORED.sub("", address)
    if len(address) > sanitise.MAX_DATA_URL:
        return None
    if address[:4].lower() == "cid:":
        return address if _CID.match(address[4:]) else None
    if address.startswith("//"):
        address = f"https:{address}"
    if _DATA.match(address) or _OWN.match(address):
        return address
    return address if _REMOTE.match(address) and len(address) <= MAX_URL else None


def _link(address: str) -> str | None:
    address = _IGNORED.sub("", address)
    return address if len(address) <= MAX_URL and _LINK.match(address) else None


_CHECKS: dict[str, Callable[[str], str | None]] = {
    "src": _source,
    "data-src": lambda value: value if _REMOTE.match(value) and len(value) <= MAX_URL else None,
    "href": _link,
    "cite": _link,
    "data-cid": lambda value: value if _CID.match(value) else None,
    "data-signature": lambda value: value if len(value) < 20 and value.isalnum() else None,
    "data-quote": lambda value: "",
}


def _stored_picture(given: dict[str, str]) -> dict[str, str] | None:
    """No address elsewhere may stay where a browser follows it."""
    source = given.get("src", "")
    if _REMOTE.match(source):
        return {**_without(given, "src"), "data-src": source}
    if _OWN.match(source) and "data-cid" not in given:
        return None
    return given if source or "data-src" in given or "data-cid" in given else None


def _cid(given: Mapping[str, str]) -> str:
    source = given.get("src", "")
    return given.get("data-cid", "") or (source[4:] if source[:4].lower() == "cid:" else "")


def _without(given: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in given.items() if name not in names}


def _embedded(content_type: str, coded: str) -> Embedded | None:
    try:
        data = base64.b64decode(coded, validate=True)
    except binascii.Error:
        return None
    return Embedded(f"{hashlib.sha256(data).hexdigest()[:24]}@embedded", content_type, data)


class _Rewriter(CleanParser):
    """Writes HTML anew with pictures changed."""

    def __init__(self, picture: Picture, keeps_marks: bool, is_sent: bool) -> None:
        self.out: list[str] = []
        self._picture = picture
        self._keeps_marks = keeps_marks
        self._is_sent = is_sent

    def handle_starttag(self, tag: str, attrs: dict[str, str]) -> None:
        # A reference to a character can say what the letters themselves may not.
        given = {name: tidy(value) for name, value in attrs.items()}
        if tag == "img":
            changed = self._picture(given)
            if changed is None:
                return
            given = changed
        elif not self._keeps_marks:
            given = self._unmarked(given)
        if tag == "blockquote" and self._is_sent and given.get("type") == "cite":
            given.setdefault("style", _QUOTE_STYLE)
        written = "".join(f' {name}="{escape(value)}"' for name, value in given.items())
        self.out.append(f"<{tag}{written}>")

    def _unmarked(self, given: dict[str, str]) -> dict[str, str]:
        """Without the marks; what they set apart here stays apart there."""
        rest = _without(given, "data-signature", "data-quote")
        return {**_APART, **rest} if self._is_sent and len(rest) < len(given) else rest

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.out.append(escape(tidy(data), quote=False).replace("\xa0", "&nbsp;"))


def _rewritten(
    html: str, picture: Picture, *, keeps_marks: bool = True, is_sent: bool = False
) -> str:
    rewriter = _Rewriter(picture, keeps_marks, is_sent)
    rewriter.feed(html)
    return "".join(rewriter.out)
