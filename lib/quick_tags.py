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
from django.utils.html import conditional_escape
from django.utils.translation import get_language

from lib.numbered import numbered

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


class Numbered(Node):
    """An address with one argument, which is most often a number."""

    child_nodelists = ()

    def __init__(self, node: URLNode) -> None:
        self.node = node
        self._name = str(node.view_name.resolve(Context()))
        [self._number] = node.args

    def render(self, context: Context) -> str:
        """As Django's."""
        value = self._number.resolve(context)
        if type(value) is not int:
            return str(self.node.render(context))
        address = numbered(self._name, value)
        return conditional_escape(address) if context.autoescape else address


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
    """As Django's; an address without arguments is looked up once, and where it is only a number
    that differs, what stands around it."""
    node: URLNode = plain_url(parser, token)
    if not is_constant(node.view_name) or node.kwargs or node.asvar is not None:
        return node
    if len(node.args) == 1:
        return Numbered(node)
    return node if node.args else Once(node, _site)


@register.tag
def static(parser: Parser, token: Token) -> Node:
    """As Django's; where a file lies does not change while this process lives."""
    node: StaticNode = plain_static(parser, token)
    plain = is_constant(node.path) and node.varname is None
    return Once(node, _always) if plain else node


def _always() -> None:
    """What depends on nothing."""
