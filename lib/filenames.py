"""Names of files that came from outside."""

from __future__ import annotations

import re
import unicodedata

_LIMIT = 150


def safe_filename(name: str, default: str = "attachment") -> str:
    """A name without folders, control and direction characters, at most 150 characters long.

    The ending is kept when a long name is cut. Windows device separators count as folders.
    """
    kept = "".join(
        " " if one.isspace() else one
        for one in unicodedata.normalize("NFC", name)
        if one.isspace() or unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    kept = re.split(r"[/\\:]", kept)[-1]
    kept = re.sub(r'[<>:"|?*]', "_", kept)
    kept = " ".join(kept.split()).strip(". ")
    if len(kept) > _LIMIT:
        stem, dot, ending = kept.rpartition(".")
        tail = dot + ending if dot and len(ending) < 12 else ""
        kept = (stem if tail else kept)[: _LIMIT - len(tail)] + tail
    return kept or default
