"""Names of mail domains, in the one form they are stored and compared in."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

from protocols.idn import to_ascii

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
LONGEST = 253


def domain_name(text: str) -> str:
    """A domain in lower-case A-label form (RFC 5890). Raises ValidationError if it is none."""
    try:
        name = to_ascii(text.strip().rstrip(".")).lower()
    except UnicodeError:
        name = ""
    if not name or len(name) > LONGEST or not all(map(_LABEL.fullmatch, name.split("."))):
        raise ValidationError(f"{text} is no domain name.")
    return name
