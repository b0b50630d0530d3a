"""Links that lead elsewhere than they say, marked in the tree of a message. Pure but for signing.

A link is marked where its text names another host than its target, and where the target hides what
it is: a name before an @, a bare address, letters of several alphabets. Newsletters count clicks
by addresses of their own, under words that name no host: that is no reason.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlencode, urlsplit

from django.core import signing

from lib.suffixes import registered
from mailstore.html_tree import Element
from mailstore.trackers import HIDDEN
from protocols.idn import to_ascii

PATH: Final = "/leaving/"
#: Of one message; what comes after them leads nowhere.
MAX_LINKS: Final = 5000
MAX_TEXT: Final = 2000
_SALT: Final = "mailstore.links"
OTHER, USER, NUMBER, LETTERS, BROKEN = "other", "user", "number", "letters", "broken"
CLASS: Final = "tributary-link"
_MARK: Final = "\u26a0\u00a0"
_STYLE: Final = (
    "display: inline !important; visibility: visible !important; opacity: 1 !important;"
    " font-size: 13px !important; padding: 0 4px !important"
)
# Browsers pass over these, wherever they stand in an address, and take any number of slashes.
_IGNORED = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_SCHEME = re.compile(r"\A(https?):[\\/]*", re.IGNORECASE)
_NO_HOST = re.compile(r"[\x00-\x20/\\?#@:<>\[\]^|%]")
_NO_SIZE = re.compile(r"font-size\s*:\s*0(?![.\d])", re.IGNORECASE)
# A host written as such: the whole text, or after a scheme; a sentence with a dot is none.
_NAMED = re.compile(r"https?://([\w-]+(?:\.[\w-]+)+)", re.IGNORECASE)
_HOST = re.compile(r"\s*(?:https?://)?(?:[^\s/@]{0,100}@)?([\w-]+(?:\.[\w-]+)+)(?:[:/?#]\S*)?\s*")
_FILE_LIKE = re.compile(r"\.(?:pdf|html?|docx?|xlsx?|zip|png|jpe?g|txt|csv|js|py|md|sh)\Z", re.I)


def plain(url: str) -> str:
    """An address as a browser reads it, so that what it leads to can be told from it."""
    return _SCHEME.sub(r"\1://", _IGNORED.sub("", url))


def host_of(url: str) -> str:
    """The host a browser would go to, in lower case; empty where there is none."""
    try:
        host = urlsplit(url.replace("\\", "/")).hostname or ""
    except ValueError:
        return ""
    if "%" in host:
        host = unquote(host)
        if _NO_HOST.search(host):
            return ""
    return _mapped(host).strip(".").lower()


def _mapped(text: str) -> str:
    """Text as browsers map names (UTS 46): wide letters narrow, what is not seen left out."""
    if text.isascii():
        return text
    seen = "".join(one for one in text if unicodedata.category(one) != "Cf")
    return unicodedata.normalize("NFKC", seen).replace("\u3002", ".")


def reason(url: str, text: str) -> str:
    """Why a link is marked; empty for most. `text` is what is shown of it."""
    url = plain(url)
    if not url[:8].lower().startswith(("http://", "https://")):
        return ""
    host = host_of(url)
    if not host:
        return BROKEN
    authority = url.replace("\\", "/").split("//", 1)[1].split("/", 1)[0]
    if "@" in re.split(r"[?#]", authority)[0]:
        return USER
    return _hides(host) or (OTHER if _names_other(host, text) else "")


# The links of a newsletter lead to one host or two.
@lru_cache(maxsize=256)
def _hides(host: str) -> str:
    """Why a host hides what it is; empty for most."""
    if _is_number(host):
        return NUMBER
    *labels, top = host.split(".")
    is_mixed = any(_is_mixed(label, is_home=not _is_latin(top)) for label in labels)
    return LETTERS if is_mixed else ""


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        # Browsers read 0x7f.1 and 2130706433 as addresses, too.
        return re.fullmatch(r"(?:0x[0-9a-f]*|\d+)", host.rpartition(".")[2]) is not None
    return True


def _is_latin(top: str) -> bool:
    return top.isascii() and not top.startswith("xn--")


def _is_mixed(label: str, *, is_home: bool) -> bool:
    """Whether a label holds letters of several alphabets, or others that look like Latin ones.

    Those are `is_home` below a domain of their own alphabet.
    """
    if label.startswith("xn--"):
        try:
            label = label[4:].encode("ascii").decode("punycode")
        except UnicodeError:
            return True
    scripts = {unicodedata.name(one, "?").partition(" ")[0] for one in label if one.isalpha()}
    if not scripts <= {"LATIN"} and "LATIN" in scripts:
        return True
    folded = label.translate(_ALIKE)
    return not is_home and label != folded and folded.isascii()


# Letters of Cyrillic and Greek that look like Latin ones (Unicode TR 39).
_ALIKE: Final = str.maketrans("аеорсухіјѕԁһӏνοαρτ", "aeopcyxijsdhlvoapt")


def _names_other(host: str, text: str) -> bool:
    """Whether a text names a host of somebody else."""
    text = _mapped(text[:MAX_TEXT]).strip("<>()[]\"'.,;: ")
    named = [one.lower() for one in _NAMED.findall(text)] or [_alone(text)]
    if not any(named):
        return False
    own, *others = [_of_dns(one) for one in (host, *named)]
    mine = registered(own, known=True) or own
    return any(registered(one, known=True) not in ("", mine) for one in others)


def _of_dns(host: str) -> str:
    try:
        return to_ascii(host)
    except UnicodeError:
        return host


def _alone(text: str) -> str:
    """The host that a text is the name of; empty for all else."""
    shown = _HOST.fullmatch(text)
    if shown is None:
        return ""
    named = shown[1].lower().rstrip(".")
    # The address of a person is none of a page, and neither is the name of a file.
    is_person = "@" in text.split("/", maxsplit=1)[0]
    is_file = "/" not in text and _FILE_LIKE.search(named)
    return "" if is_person or is_file else named


def mark(root: Element) -> None:
    """The edit: leads marked links to a page that asks, and writes their host beside them."""
    count = 0
    for one in root.walk():
        placed: list[Element | str] = []
        for child in one.children:
            placed.append(child)
            if isinstance(child, str) or child.tag != "a":
                continue
            count += 1
            url = plain(child.attrs.get("href", ""))
            # What is said to be the target of a link is not for its sender to say.
            child.attrs.pop("title", None)
            if count > MAX_LINKS or url.startswith("/"):
                # There are no pages of ours that a sender may lead to.
                child.attrs.pop("href", None)
            elif why := reason(url, _seen(child)):
                child.attrs.update(href=address(url, why), title=url[:500])
                about = {"class": CLASS, "style": _STYLE, "dir": "ltr"}
                placed.append(Element("mark", about, [warning(url)]))
        one.children = placed


def _seen(link: Element) -> str:
    """The words of a link but those whose style hides them."""
    pieces: list[str] = []
    waiting: list[Element | str] = [link]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            pieces.append(one)
        elif one is link or not _is_hidden(one.attrs.get("style", "")[:1000]):
            waiting += reversed(one.children)
    return "".join(pieces)


def _is_hidden(style: str) -> bool:
    return bool(style) and (HIDDEN.search(style) or _NO_SIZE.search(style)) is not None


def warning(url: str) -> str:
    """What is written beside a marked link: where it leads."""
    return f"{_MARK}{host_of(url)[:100] or '?'}"


def address(url: str, why: str) -> str:
    """The address of the page that asks before it goes there."""
    return PATH + "?" + urlencode({"to": signing.dumps([url, why], salt=_SALT)})


def target(token: str) -> tuple[str, str] | None:
    """The address a token stands for, and why it is marked; None for what we did not write."""
    try:
        url, why = signing.loads(token[:20_000], salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return str(url), str(why)
