"""Template tags whose result is the same every time are worked out once.

A screen has hundreds of words to translate and dozens of addresses without arguments; Django looks
each of them up for every page. This library stands in for `i18n` and for the built-in ``url``.
"""

from __future__ import annotations

from typing import Any

from django.template import Context, Library, Node
from django.template.base import FilterExpression, Parser, Token
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as plain_url
from django.templatetags import i18n
from django.urls import get_script_prefix, get_urlconf
from django.utils.translation import get_language

register = Library()
register.tags.update(i18n.register.tags)
register.filters.update(i18n.register.filters)


class Once(Node):
    """What a node renders, kept for each language and each set of addresses."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._known: dict[tuple[str | None, ...], str] = {}

    def render(self, context: Context) -> str:
        """Whatever the context is: nothing of it is looked at."""
        key = get_language(), get_script_prefix(), get_urlconf()
        if key not in self._known:
            self._known[key] = str(self.node.render(context))
        return self._known[key]


def is_constant(expression: FilterExpression | None) -> bool:
    """Whether a word of a tag stands for itself."""
    return expression is None or (not expression.is_var and not expression.filters)


@register.tag("translate")
@register.tag("trans")
def translate(parser: Parser, token: Token) -> Node:
    """As Django's; words that stand in the template itself are looked up once."""
    node: Any = i18n.do_translate(parser, token)
    plain = is_constant(node.filter_expression) and is_constant(node.message_context)
    return Once(node) if plain and not node.asvar and not node.noop else node


@register.tag
def url(parser: Parser, token: Token) -> Node:
    """As Django's; an address without arguments is looked up once."""
    node: URLNode = plain_url(parser, token)
    plain = is_constant(node.view_name) and not node.args and not node.kwargs
    return Once(node) if plain and node.asvar is None else node
