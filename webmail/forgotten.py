"""What may have been forgotten before a message is sent: said once, never in the way. Pure."""

from __future__ import annotations

import re

_WORDS = re.compile(
    # English; "attach" alone is said of feelings, too, but one question too many harms nobody.
    r"\b(?:attach(?:ed|ing|ments?)?|enclosed|enclosures?"
    # German: anbei, im Anhang, angehängt, beigefügt, als Anlage, hänge … an.
    r"|anbei|anh[aä]nge?|angeh[aä]ngt\w*|beigef[uü]gt\w*|beiliegend\w*"
    r"|(?:als|in der|siehe) anlagen?|h[aä]nge\b.{0,60}\ban)\b",
    re.IGNORECASE,
)
_FORWARDED = "---------- "
_SIGNATURE = "-- "


def speaks_of_a_file(body: str) -> bool:
    """Whether the words written, not those quoted or the signature, speak of an attachment."""
    return bool(_WORDS.search(written(body)))


def written(body: str) -> str:
    """The lines of a plain text that are its writer's own."""
    own: list[str] = []
    is_signature = False
    for line in body.splitlines():
        if line.startswith(_FORWARDED):
            break
        if line == _SIGNATURE:
            is_signature = True
        elif line.startswith(">"):
            # The signature ends where the quotation begins; an answer may follow it.
            is_signature = False
        elif not is_signature:
            own.append(line)
    return "\n".join(own)
