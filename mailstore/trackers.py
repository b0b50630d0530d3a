"""Pictures that show nothing and only tell that a message was opened."""

from __future__ import annotations

import re

from mailstore.html_tree import Element

_REMOTE = re.compile(r"\s*(?:https?:)?[\\/]{2}", re.IGNORECASE)
#: Style by which nothing is seen of a picture.
HIDDEN = re.compile(
    r"(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0+)?(?![.\d])"
    r"|(?<![-\w])(?:max-)?(?:width|height)\s*:\s*0(?![.\d]))",
    re.IGNORECASE,
)
_SIDE = re.compile(r"(?<![-\w])(width|height)\s*:\s*([\d.]{1,8})px", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(\d{1,6})(?:px)?\s*\Z", re.IGNORECASE)


class Trackers:
    """Takes remote pictures nobody can see out of a tree, and counts them.

    They are never loaded, not even where somebody asks for the pictures of a message.
    """

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, root: Element) -> None:
        """The edit; see `html_tree.Edit`."""
        for one in root.walk():
            kept = [child for child in one.children if not _is_tracker(child)]
            self.count += len(one.children) - len(kept)
            one.children = kept


def _is_tracker(child: Element | str) -> bool:
    if (
        isinstance(child, str)
        or child.tag != "img"
        or not _REMOTE.match(child.attrs.get("src", ""))
    ):
        return False
    style = child.attrs.get("style", "")[:1000]
    sides = {name.lower(): float(size.rstrip(".") or 0) for name, size in _sides(style)}
    for name in ("width", "height"):
        given = _NUMBER.match(child.attrs.get(name, ""))
        if given and name not in sides:
            sides[name] = float(given[1])
    # What has a class may be hidden on large screens only.
    is_hidden = HIDDEN.search(style) is not None and not child.attrs.get("class")
    return is_hidden or (bool(sides) and max(sides.values()) <= 1)


def _sides(style: str) -> list[tuple[str, str]]:
    return [one for one in _SIDE.findall(style) if one[1].count(".") <= 1 and one[1] != "."]
