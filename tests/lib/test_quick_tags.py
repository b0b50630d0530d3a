"""Tags that are worked out once say in every language and place what Django's own say."""

from __future__ import annotations

import pytest
from django.template import Context, Engine, Template
from django.urls import set_script_prefix
from django.utils import translation

from lib.quick_tags import Once
from lib.templatetags.ui import icon

QUICK = Engine(
    libraries={"i18n": "lib.quick_tags", "ui": "lib.templatetags.ui"}, builtins=["lib.quick_tags"]
)
PLAIN = Engine(libraries={"i18n": "django.templatetags.i18n", "ui": "lib.templatetags.ui"})
TEXTS = [
    '{% translate "Archive" %}',
    "{% translate 'Enter' context 'a key' %}",
    '{% translate "Archive" as word %}[{{ word }}]',
    "{% translate subject %}",
    '{% translate "Archive"|upper %}',
    '{% translate "Archive" noop %}',
    '{% trans "Delete" %}',
    "{% url 'mail' %}",
    "{% url name %}",
    "{% url 'mail-folder' number %}",
    "{% url 'mail-folder' words %}",
    "{% url 'mail-folder' pk=number %}",
    "{% url 'mail' as here %}[{{ here }}]",
    "{% blocktranslate with name=subject %}Account: {{ name }}{% endblocktranslate %}",
]


def rendered(template: Template, language: str, number: int) -> str:
    with translation.override(language):
        values = {"subject": f"Delete {number} <b>", "name": "mail-starred", "number": number}
        values["words"] = str(number)
        return template.render(Context(values))


@pytest.mark.parametrize("text", TEXTS)
def test_the_same_as_djangos_own(text: str) -> None:
    source = "{% load i18n %}" + text
    quick, plain = Template(source, engine=QUICK), Template(source, engine=PLAIN)
    for _round in range(2):
        for language in ("en", "de"):
            for number in (1, 2):
                assert rendered(quick, language, number) == rendered(plain, language, number)


@pytest.mark.parametrize(
    ("text", "is_once"),
    list(zip(TEXTS, [True, True, *[False] * 4, True, True, *[False] * 6], strict=True)),
)
def test_what_never_changes_is_worked_out_once(text: str, *, is_once: bool) -> None:
    nodes = Template("{% load i18n %}" + text, engine=QUICK).nodelist
    assert any(isinstance(node, Once) for node in nodes) is is_once


def test_the_site_may_live_elsewhere() -> None:
    template = Template("{% url 'mail-starred' %} {% url 'mail-folder' 7 %}", engine=QUICK)
    assert template.render(Context()) == "/starred/ /folder/7/"
    try:
        set_script_prefix("/mail/")
        assert template.render(Context()) == "/mail/starred/ /mail/folder/7/"
    finally:
        set_script_prefix("/")


def test_icons_are_drawn_as_before() -> None:
    template = Template(
        "{% load ui i18n %}{% icon 'star' %}{% icon name 'sm' %}{% translate 'Star' as said %}"
        "{% icon 'star' 'lg' 'st--star' label=said %}{% icon 'star' label=_('Star') %}",
        engine=QUICK,
    )
    for language, star in (("en", "Star"), ("de", "Stern")):
        with translation.override(language):
            expected = (
                icon("star") + icon("clip", "sm") + icon("star", "lg", "st--star", label=star)
            )
            assert template.render(Context({"name": "clip"})) == expected + icon("star", label=star)
    nasty = Template("{% load ui %}{% icon 'star' label=name %}", engine=QUICK)
    assert '"&gt;&lt;b&gt;' not in nasty.render(Context({"name": "x"}))
    assert "&quot;&gt;&lt;b&gt;" in nasty.render(Context({"name": '"><b>'}))
