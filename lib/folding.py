"""Templates whose constant parts are drawn once.

Most of a screen is the same every time in one language: its words, icons and plain HTML. A template
draws each of hundreds of pieces for itself; here neighbours become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.template import Context, Node, NodeList, Template
from django.template.base import Origin, TextNode
from django.template.defaulttags import IfNode
from django.template.loaders import cached
from django.template.loaders.base import Loader as Base

from lib.quick_tags import Once


class Run(Node):
    """Pieces that depend on nothing but the language and where the site lives."""

    child_nodelists = ()

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        self._depend_on = {one.depends_on for one in nodes if isinstance(one, Once)}
        self._known: dict[object, str] = {}
        self.token, self.origin = nodes[0].token, nodes[0].origin

    def render(self, context: Context) -> str:
        """All of them."""
        key = tuple([ask() for ask in self._depend_on])
        if key not in self._known:
            self._known[key] = "".join(str(one.render(context)) for one in self._nodes)
        return self._known[key]


def fold(nodes: NodeList) -> None:
    """Put neighbours that are constant together, here and in what the nodes hold."""
    found: list[Node] = []
    run: list[Node] = []
    for node in nodes:
        if isinstance(node, (TextNode, Once)):
            run.append(node)
            continue
        found += _together(run)
        run = []
        found.append(node)
        for inner in _held(node):
            fold(inner)
    nodes[:] = [*found, *_together(run)]


def _together(run: list[Node]) -> list[Node]:
    return [Run(run)] if len(run) > 1 and any(isinstance(one, Once) for one in run) else run


def _held(node: Any) -> list[NodeList]:
    if isinstance(node, IfNode):
        return [inner for _condition, inner in node.conditions_nodelists]
    held = (getattr(node, name, None) for name in node.child_nodelists)
    return [inner for inner in held if isinstance(inner, NodeList)]


class _Folding(Base):
    """Folds what is read."""

    def get_template(self, template_name: str, skip: list[Origin] | None = None) -> Template:
        """As ever."""
        template = super().get_template(template_name, skip)
        fold(template.nodelist)
        return template


class Loader(cached.Loader, _Folding):
    """What the settings name: Django's own, which keeps what `_Folding` gives it."""
