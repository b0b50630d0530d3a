"""Style of mail, let through value by value: a real tokenizer, an allow-list, written anew.

Nothing that fetches, hides behind a name, or leaves the flow of the page gets through: no url()
but through the image rule, no var(), env(), attr() or expression(), no position but static and
relative, of the at-rules only @media.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import tinycss2
from tinycss2 import ast, color3

MAX_SHEET = 128 * 1024
MAX_STYLE = 4096
# All distinct style text of one message; beyond it, mail is shown without further style.
MAX_TOTAL = 256 * 1024
MAX_DEPTH = 8

# Given the address of an image, what to put in its place; None takes the declaration out.
ImageRule = Callable[[str], str | None]
# Given a property and a colour (0 to 1 each, with its opacity), the colour to write instead.
ColourRule = Callable[[str, tuple[float, float, float, float]], str]

_BOX = {
    f"{name}{side}"
    for name in ("margin", "padding")
    for side in ("", "-top", "-right", "-bottom", "-left")
}
_BORDER = {
    f"border{side}{what}"
    for side in ("", "-top", "-right", "-bottom", "-left")
    for what in ("", "-color", "-style", "-width")
}
_PLAIN = {
    "color", "background-color", "font", "font-family", "font-size", "font-style", "font-weight",
    "text-align", "text-decoration", "text-decoration-line", "text-indent", "text-transform",
    "line-height", "letter-spacing", "white-space", "vertical-align", "list-style-type",
}  # fmt: skip
PROPERTIES = frozenset(
    _PLAIN | _BOX | _BORDER
    | {
        "background", "background-image", "background-position", "background-repeat",
        "background-size", "border-collapse", "border-radius", "border-spacing",
        "border-top-left-radius", "border-top-right-radius", "border-bottom-left-radius",
        "border-bottom-right-radius", "box-sizing", "caption-side", "clear", "direction",
        "display", "empty-cells", "float", "font-variant", "height", "list-style",
        "list-style-position", "max-height", "max-width", "min-height", "min-width", "opacity",
        "overflow", "overflow-wrap", "overflow-x", "overflow-y", "position", "table-layout",
        "text-overflow", "visibility", "width", "word-break", "word-spacing", "word-wrap",
        "text-size-adjust", "-webkit-text-size-adjust",
    }
)  # fmt: skip
STRICT_PROPERTIES = frozenset(_PLAIN - {"white-space", "line-height", "text-indent"})
_IMAGE_PROPERTIES = ("background", "background-image", "list-style")
_FUNCTIONS = frozenset(
    {
        "rgb", "rgba", "hsl", "hsla", "hwb", "calc", "min", "max", "clamp", "linear-gradient",
        "radial-gradient", "repeating-linear-gradient", "repeating-radial-gradient",
    }
)  # fmt: skip
_SELECTOR_FUNCTIONS = frozenset(
    {"not", "nth-child", "nth-of-type", "nth-last-child", "is", "where"}
)
_POSITIONS = ("static", "relative")
_COLOURED = ("color", "background", "border", "text-decoration")
# As tall as the window means nothing in a frame that is as tall as what it holds: it would grow
# without end.
_WINDOW_HIGH = frozenset(
    f"{size}{axis}" for size in ("", "d", "l", "s") for axis in ("vh", "vb", "vmin", "vmax")
)
_SAFE_URL = re.compile(r"[\w\-.~:/?#@!$&*+,;=%\[\]]+", re.ASCII)


class Styles:
    """The style rules of one message, with what has been spent on it so far.

    `brings_colours` says whether any colour was let through. With `repaint` each colour is
    written as that rule says.
    """

    def __init__(
        self,
        image: ImageRule,
        properties: frozenset[str] = PROPERTIES,
        repaint: ColourRule | None = None,
    ) -> None:
        self.brings_colours = False
        self._image = image
        self._properties = properties
        self._repaint = repaint
        self._left = MAX_TOTAL
        self._known: dict[str, str] = {}

    def attribute(self, style: str) -> str:
        """A style attribute, cleaned; empty if nothing of it may stay."""
        if style not in self._known:
            self._known[style] = self._fresh(style)
        return self._known[style]

    def _fresh(self, style: str) -> str:
        if len(style) > MAX_STYLE or not self._spend(len(style)):
            return ""
        nodes = tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True)
        return self._declarations(nodes)

    def sheet(self, css: str) -> str:
        """A style sheet, cleaned. It contains no "<", so it cannot end its element."""
        if len(css) > MAX_SHEET or not self._spend(len(css)):
            return ""
        # The marks that old browsers wanted around style are no style.
        css = css.replace("<!--", " ").replace("-->", " ")
        rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
        return self._rules(rules, 0).replace("<", "")

    def _spend(self, size: int) -> bool:
        self._left -= size
        return self._left >= 0

    def _rules(self, rules: Iterable[Any], depth: int) -> str:
        return "".join(self._rule(rule, depth) for rule in rules)

    def _rule(self, rule: Any, depth: int) -> str:
        if isinstance(rule, ast.QualifiedRule):
            if not _is_selector(rule.prelude):
                return ""
            inner = tinycss2.parse_blocks_contents(
                rule.content, skip_comments=True, skip_whitespace=True
            )
            kept = self._declarations(inner)
            return f"{_written(rule.prelude)}{{{kept}}}\n" if kept else ""
        is_media = isinstance(rule, ast.AtRule) and rule.lower_at_keyword == "media"
        if is_media and rule.content and depth == 0 and _is_media(rule.prelude):
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            kept = self._rules(inner, depth + 1)
            return f"@media {_written(rule.prelude)}{{{kept}}}\n" if kept else ""
        return ""

    def _declarations(self, nodes: Iterable[Any]) -> str:
        kept = [self._declaration(node) for node in nodes if isinstance(node, ast.Declaration)]
        return ";".join(one for one in kept if one)

    def _declaration(self, node: ast.Declaration) -> str:
        name = node.lower_name
        if name not in self._properties:
            return ""
        value = self._value(name, node.value, 0)
        if not value or (name == "position" and value.strip().lower() not in _POSITIONS):
            return ""
        return f"{name}:{value.strip()}" + (" !important" if node.important else "")

    def _value(self, name: str, nodes: Iterable[Any], depth: int) -> str:
        """The value written anew, or nothing if any part of it is not allowed."""
        out: list[str] = []
        for node in nodes:
            piece = self._piece(name, node, depth)
            if not piece:
                return ""
            out.append(piece)
        return "".join(out)

    def _piece(self, name: str, node: Any, depth: int) -> str:
        if isinstance(node, ast.WhitespaceToken | ast.Comment):
            return " "
        if isinstance(node, ast.LiteralToken):
            return node.value if node.value in ",/+-*" else ""
        if name.startswith(_COLOURED) and (colour := self._colour(name, node)):
            return colour
        if isinstance(node, ast.DimensionToken) and node.lower_unit in _WINDOW_HIGH:
            return ""
        if isinstance(node, _SIMPLE):
            return str(node.serialize()).replace("<", "")
        address = _url(node)
        if address is not None:
            return self._picture(name, address)
        if (
            isinstance(node, ast.FunctionBlock)
            and node.lower_name in _FUNCTIONS
            and depth < MAX_DEPTH
        ):
            inner = self._value(name, node.arguments, depth + 1)
            return f"{node.lower_name}({inner})" if inner else ""
        return ""

    def _colour(self, name: str, node: Any) -> str:
        """The colour to write for one; empty for what is none, or is to stay as it is."""
        colour = color3.parse_color(node)
        if not isinstance(colour, color3.RGBA) or not colour.alpha:
            return ""
        self.brings_colours = True
        return self._repaint(name, tuple(colour)) if self._repaint else ""

    def _picture(self, name: str, address: str) -> str:
        replacement = self._image(address) if name in _IMAGE_PROPERTIES else None
        if replacement is None or not _SAFE_URL.fullmatch(replacement):
            return ""
        return f'url("{replacement}")'


_SIMPLE = (
    ast.IdentToken,
    ast.NumberToken,
    ast.PercentageToken,
    ast.DimensionToken,
    ast.HashToken,
    ast.StringToken,
)


def _url(node: Any) -> str | None:
    """The address in url(…), quoted or not."""
    if isinstance(node, ast.URLToken):
        return str(node.value)
    if isinstance(node, ast.FunctionBlock) and node.lower_name in ("url", "src"):
        strings = [one.value for one in node.arguments if isinstance(one, ast.StringToken)]
        return strings[0] if strings else ""
    return None


def _written(nodes: list[Any]) -> str:
    return str(tinycss2.serialize(nodes)).strip()


def _is_selector(nodes: list[Any], depth: int = 0) -> bool:
    return depth < MAX_DEPTH and all(_fits_selector(node, depth) for node in nodes)


def _fits_selector(node: Any, depth: int) -> bool:
    if isinstance(node, ast.LiteralToken):
        return node.value in (".", ",", ">", "+", "~", "*", ":", "=", "|=", "^=", "$=", "*=", "~=")
    if isinstance(node, ast.SquareBracketsBlock):
        return _is_selector(node.content, depth + 1)
    if isinstance(node, ast.FunctionBlock):
        return node.lower_name in _SELECTOR_FUNCTIONS and _is_selector(node.arguments, depth + 1)
    return isinstance(node, (*_SIMPLE, ast.WhitespaceToken))


def _is_media(nodes: list[Any], depth: int = 0) -> bool:
    return depth < MAX_DEPTH and all(_fits_media(node, depth) for node in nodes)


def _fits_media(node: Any, depth: int) -> bool:
    if isinstance(node, ast.LiteralToken):
        return node.value in (",", ":", "/", ">", "=", ">=")
    if isinstance(node, ast.ParenthesesBlock):
        return _is_media(node.content, depth + 1)
    if isinstance(node, ast.IdentToken) and node.lower_value == "prefers-color-scheme":
        # Half of a dark design (the page's own colour is not among it) is worse than none.
        return False
    return isinstance(
        node, ast.IdentToken | ast.NumberToken | ast.DimensionToken | ast.WhitespaceToken
    )
