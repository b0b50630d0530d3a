"""Domain names of other alphabets in the letters of DNS."""

import re
import unicodedata

# Python knows IDNA 2003 only, which makes "ss" and a common sigma of these (RFC 5894 section 7.2):
# another name, that may be another person's. Mail and sign-ins must not go there.
_LETTERS = re.compile("[ßẞς]")
_JOINERS = re.compile("[\u200c\u200d]")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_COMMON = str.maketrans({"ß": "ss", "ς": "\u03c3"})


def is_misread(domain: str) -> bool:
    """Whether what Python and the system's resolver make of a domain is another name."""
    return bool(_LETTERS.search(domain) or _JOINERS.search(domain))


def to_ascii(domain: str) -> str:
    """A domain with every label as it is registered (A-labels, RFC 5890 section 2.3.2.1).

    Raises `UnicodeError` where that cannot be, or is not sure.
    """
    if _JOINERS.search(domain):
        raise UnicodeError("a joiner that cannot be seen")
    if not is_misread(domain):
        return domain.encode("idna").decode("ascii")
    return ".".join(map(_label, _DOTS.split(domain)))


def _label(label: str) -> str:
    if not _LETTERS.search(label):
        return label.encode("idna").decode("ascii")
    # By letters: in a word, Python would end it with the other sigma.
    plain = unicodedata.normalize("NFKC", "".join(map(str.lower, label)))
    # What else is wrong with it, the codec knows.
    plain.translate(_COMMON).encode("idna")
    coded = "xn--" + plain.encode("punycode").decode("ascii")
    if len(coded) > 63:
        raise UnicodeError("a label is too long")
    return coded
