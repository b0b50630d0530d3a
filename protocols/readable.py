"""Addresses as people read them, where no letter can be taken for another one."""

import unicodedata

from protocols.idn import to_ascii

# Scripts by the first word of their letters' names; those written from the right would turn the
# text around an address about.
_EAST = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "IDEOGRAPHIC"})
_ALONE = frozenset({"LATIN", "CYRILLIC", "GREEK", "THAI", "DEVANAGARI", "BENGALI", "TAMIL"})
# A label of these alone can be read as one of Latin letters or of strokes.
_UNCLEAR = {
    *map(chr, (0x430, 0x4D9, 0x432, 0x433, 0x501, 0x435, 0x454, 0x4BD, 0x437, 0x4BB, 0x456, 0x457)),
    *map(chr, (0x458, 0x4CF, 0x43A, 0x43C, 0x43D, 0x43E, 0x43F, 0x440, 0x51B, 0x441, 0x455, 0x442)),
    *map(chr, (0x443, 0x4AF, 0x475, 0x51D, 0x445, 0x44C, 0x44A, 0x461)),
    *map(chr, (0x3B1, 0x3B3, 0x3B7, 0x3B9, 0x3BA, 0x3BD, 0x3BF, 0x3C1, 0x3C4, 0x3C5, 0x3C7, 0x3C9)),
    *map(chr, (0x30CE, 0x30F3, 0x30BD, 0x30FC, 0x30A8, 0x30C8, 0x30CB, 0x3078, 0x30D8, 0x4E00)),
    *map(chr, (0x4E36, 0x4E3F, 0x4E28, 0x5DE5)),
}
# Latin letters without a mark that look like no other: ß, æ, ð, ø, þ, đ, ł, œ. And the marks.
_LATIN = {"\u00df", "\u00e6", "\u00f0", "\u00f8", "\u00fe", "\u0111", "\u0142", "\u0153"}
_MARKS = {
    *map(chr, (0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x307, 0x308, 0x30A, 0x30B, 0x30C)),
    *map(chr, (0x326, 0x327, 0x328)),
}


def readable(address: str) -> str:
    """An address with its domain in the letters it was made of (RFC 5890), where that is safe.

    The labels of a domain stay as they are registered where they mix scripts, are made of
    letters that look like Latin ones, or cannot be read back. Never raises.
    """
    local, at, domain = address.rpartition("@")
    if "xn--" not in domain.lower():
        return address
    labels = [_label(one) for one in domain.split(".")]
    return f"{local}{at}{'.'.join(labels)}"


def _label(label: str) -> str:
    coded = label.lower()
    if not coded.startswith("xn--"):
        return label
    try:
        plain = coded[4:].encode("ascii").decode("punycode")
        if to_ascii(plain) != coded:
            return label
    except UnicodeError:
        return label
    return plain if _is_plain(plain) else label


def _is_plain(label: str) -> bool:
    """Whether a label reads as nothing else: of one script, and of letters known to be clear."""
    letters = [one for one in label if one not in "0123456789-"]
    scripts = {unicodedata.name(one, "?").split(" ")[0] for one in letters}
    if not all(unicodedata.category(one)[0] in "LM" for one in letters):
        return False
    if scripts == {"LATIN"}:
        return all(map(_is_latin, letters))
    is_known = scripts <= _EAST or (len(scripts) == 1 and scripts <= _ALONE)
    return is_known and not _UNCLEAR.issuperset(letters)


def _is_latin(letter: str) -> bool:
    apart = unicodedata.normalize("NFD", letter)
    return (apart[0].isascii() or apart[0] in _LATIN) and _MARKS.issuperset(apart[1:])
