"""Turning bytes of unknown honesty into text that databases and people can bear."""

import codecs
import re
from functools import lru_cache

from django.utils.module_loading import import_string

# C0 without tab and line ends, DEL, C1, and halves of surrogate pairs (PostgreSQL refuses NUL).
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# The same of text that is ASCII alone, as most of mail is: taken out twenty times as fast.
_ASCII_CONTROLS = bytes([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
# Marks that turn or hide what is around them: they can make one name look like another.
_DECEIVING = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")

# What mail calls charsets, against what Python calls them. Browsers, too, read Latin-1 as 1252.
_ALIASES = {
    "iso-8859-1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "latin1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "big5": "big5hkscs",
    "chinesebig5": "big5hkscs",
    "iso-8859-8-i": "iso-8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "unicode": "utf-16",
    "cp-850": "cp850",
}
_ODD = ("punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem")
_GUESSES = ["cp1252", "cp1251", "koi8_r", "gb18030", "big5", "shift_jis", "euc_jp", "cp949"]
_GUESS_FROM = 200
_ASCII = bytes(range(128))


@lru_cache(maxsize=256)
def codec(label: str) -> str | None:
    """The Python codec for a charset label, or None where the label is unknown or unfit."""
    name = label.strip().strip("\"'").lower()[:40]
    name = _ALIASES.get(name, name)
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    # The private flag is the only sign that tells text codecs from rot13 and the like.
    if found.name.replace("-", "_") in _ODD or not getattr(found, "_is_text_encoding", True):
        return None
    return name


def decode(data: bytes, label: str | None = None, *, guess: bool = False) -> str:
    """Text of `data`: by its label, else as UTF-8, else by a guess, else as Windows-1252.

    Never raises; what does not decode becomes U+FFFD. Guessing costs milliseconds and is only
    done on request, for enough bytes that a guess means something.
    """
    if data.isascii() and not _shifts(data, label or ""):
        return data.decode("ascii")
    name = codec(label) if label else None
    if name and name != "cp1252":
        return data.decode(name, "replace")
    try:
        # Much mail that says ASCII or Latin-1 is UTF-8; the reverse does not happen by chance.
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if name is None and guess and len(data) >= _GUESS_FROM and _is_foreign(data[:8192]):
        # By name: most mail says what it is, and the guesser takes its time to load.
        from_bytes = import_string("charset_normalizer.from_bytes")
        best = from_bytes(data[:8192], cp_isolation=_GUESSES, steps=3).best()
        if best is not None:
            return data.decode(best.encoding, "replace")
    return data.decode("cp1252", "replace")


def _is_foreign(data: bytes) -> bool:
    """Whether there are enough letters beyond ASCII that a guess means something: a single quote
    of Windows is taken for anything."""
    return 50 * len(data.translate(None, _ASCII)) > len(data)


def _shifts(data: bytes, label: str) -> bool:
    """True where ASCII bytes may stand for something else: ISO-2022, HZ, UTF-7, UTF-16."""
    return b"\x1b" in data or b"~{" in data or "7" in label or "16" in label


def tidy(text: str) -> str:
    """Text without NUL, other controls and lone surrogates; line ends become a line feed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        return text.encode("ascii").translate(None, _ASCII_CONTROLS).decode("ascii")
    return _CONTROLS.sub("", text)


def one_line(text: str, limit: int) -> str:
    """Text for one line of a list: at most `limit` characters, no controls, nothing deceiving."""
    text = " ".join(text[: 4 * limit].split())
    # What is taken out is never printable; most text is.
    if not text.isprintable():
        text = _DECEIVING.sub("", _CONTROLS.sub("", text)).strip()
    return text[:limit]
