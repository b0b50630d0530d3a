"""Template tags whose result is the same every time are worked out once.

A screen has hundreds of words to translate and dozens of addresses without arguments; Django looks
each of them up for every page. This library stands in for `i18n` and for the built-in ``url``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.template import Context, Library, Node
from django.template.base import FilterExpression, Parser, Token, Variable
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as plain_url
from django.templatetags import i18n
from django.templatetags.static import StaticNode
from django.templatetags.static import do_static as plain_static
from django.urls import get_script_prefix, get_urlconf
from django.utils.translation import get_language

register = Library()
register.tags.update(i18n.register.tags)
register.filters.update(i18n.register.filters)


class Once(Node):
    """What a node renders, kept for each value of what it depends on."""

    def __init__(self, node: Node, depends_on: Callable[[], object]) -> None:
        self.node = node
        self.depends_on = depends_on
        self._known: dict[object, str] = {}

    def render(self, context: Context) -> str:
        """Whatever the context is: nothing of it is looked at."""
        key = self.depends_on()
        if key not in self._known:
            self._known[key] = str(self.node.render(context))
        return self._known[key]


def _site() -> tuple[str, str | None]:
    """Which set of addresses, and where it lives."""
    return get_script_prefix(), get_urlconf()


def is_constant(expression: FilterExpression | None) -> bool:
    """Whether a word of a tag stands for itself."""
    if expression is None or expression.filters:
        return expression is None
    # Django makes a variable of a literal that is to be translated: one that looks nothing up.
    return not isinstance(expression.var, Variable) or expression.var.lookups is None


@register.tag("translate")
@register.tag("trans")
def translate(parser: Parser, token: Token) -> Node:
    """As Django's; words that stand in the template itself are looked up once."""
    node: Any = i18n.do_translate(parser, token)
    plain = is_constant(node.filter_expression) and is_constant(node.message_context)
    return Once(node, get_language) if plain and not node.asvar and not node.noop else node


@register.tag
def url(parser: Parser, token: Token) -> Node:
    """As Django's; an address without arguments is looked up once."""
    node: URLNode = plain_url(parser, token)
    plain = is_constant(node.view_name) and not node.args and not node.kwargs
    return Once(node, _site) if plain and node.asvar is None else node


@register.tag
def static(parser: Parser, token: Token) -> Node:
    """As Django's; where a file lies does not change while this process lives."""
    node: StaticNode = plain_static(parser, token)
    plain = is_constant(node.path) and node.varname is None
    return Once(node, _always) if plain else node


def _always() -> None:
    """What depends on nothing."""
