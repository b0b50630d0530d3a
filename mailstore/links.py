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
from urllib.parse import urlencode, urlsplit

from django.core import signing
from publicsuffixlist import PublicSuffixList

from mailstore.html_tree import Element

PATH: Final = "/leaving/"
MAX_LINKS: Final = 5000
MAX_TEXT: Final = 2000
_SALT: Final = "mailstore.links"
OTHER, USER, NUMBER, LETTERS, BROKEN = "other", "user", "number", "letters", "broken"
_MARK: Final = "\u26a0\u00a0"
_STYLE: Final = (
    "display: inline !important; visibility: visible !important; opacity: 1 !important;"
    " font-size: 13px !important; padding: 0 4px !important"
)
# A host written as such: the whole text, or after a scheme; a sentence with a dot is none.
_HOST = re.compile(r"\s*(?:https?://)?(?:[^\s/@]{0,100}@)?([\w-]+(?:\.[\w-]+)+)(?:[:/?#]\S*)?\s*")
_FILE_LIKE = re.compile(r"\.(?:pdf|html?|docx?|xlsx?|zip|png|jpe?g|txt|csv|js|py|md|sh)\Z", re.I)


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    # Reading the list takes 50 ms, so it is done when somebody asks.
    return PublicSuffixList()


def _registered(host: str) -> str:
    """The domain somebody registered; empty for what is below no known suffix."""
    return _suffixes().privatesuffix(host, accept_unknown=False) or ""


def host_of(url: str) -> str:
    """The host a browser would go to, in lower case; empty where there is none."""
    try:
        return (urlsplit(url.replace("\\", "/")).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


def reason(url: str, text: str) -> str:
    """Why a link is marked; empty for most. `text` is what is shown of it."""
    if not url[:8].lower().startswith(("http://", "https://")):
        return ""
    host = host_of(url)
    if not host:
        return BROKEN
    authority = url.replace("\\", "/").split("//", 1)[1].split("/", 1)[0]
    if "@" in re.split(r"[?#]", authority)[0]:
        return USER
    if _is_number(host):
        return NUMBER
    *labels, top = host.split(".")
    if any(_is_mixed(label, is_home=not _is_latin(top)) for label in labels):
        return LETTERS
    return OTHER if _names_other(host, text) else ""


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
    """Whether a text is the name of a host of somebody else."""
    if len(text) > MAX_TEXT:
        return False
    shown = _HOST.fullmatch(unicodedata.normalize("NFKC", text).strip("<>()[]\"'.,;: \u200b"))
    if shown is None:
        return False
    named = shown[1].lower().rstrip(".")
    if "@" in text.rsplit("//", maxsplit=1)[-1].split("/", maxsplit=1)[0] and "//" not in text:
        # The address of a person, not of a page.
        return False
    ours = _registered(named)
    if not ours or ("/" not in text and _FILE_LIKE.search(named)):
        return False
    return ours != (_registered(host) or host)


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
            url = child.attrs.get("href", "").strip()
            why = reason(url, child.words) if count <= MAX_LINKS else ""
            if why:
                child.attrs["href"] = address(url, why)
                child.attrs["title"] = url[:500]
                shown = f"{_MARK}{host_of(url)[:100] or '?'}"
                placed.append(
                    Element(
                        "mark", {"class": "tributary-link", "style": _STYLE, "dir": "ltr"}, [shown]
                    )
                )
        one.children = placed


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
