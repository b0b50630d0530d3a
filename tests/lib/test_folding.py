"""Constant parts of templates are drawn once, and look as if they were not."""

from __future__ import annotations

from django.template import Context, Engine
from django.template.loader import get_template
from django.utils import translation

from lib.folding import Run, fold

TEXT = (
    '{% load i18n %}<p>{% translate "Archive" %} <b>{% url "mail" %}</b>'
    '{% if on %}<i>{% translate "Delete" %}</i>{% else %}{{ name }} {% endif %}'
    '{% for one in many %}{{ one }}: {% translate "Reply" %}, {% endfor %}</p>'
)


def test_it_says_the_same() -> None:
    engine = Engine(libraries={"i18n": "lib.quick_tags"}, builtins=["lib.quick_tags"])
    plain, folded = engine.from_string(TEXT), engine.from_string(TEXT)
    fold(folded.nodelist)
    assert len(folded.nodelist) < len(plain.nodelist)
    assert any(isinstance(one, Run) for one in folded.nodelist)
    for language, word in (("en", "Archive"), ("de", "Archivieren"), ("en", "Archive")):
        for values in ({"on": True}, {"name": "<x>", "many": [1, 2]}):
            with translation.override(language):
                said = folded.render(Context(values))
                assert said == plain.render(Context(values))
            assert said.startswith(f"<p>{word} <b>/</b>")


def test_templates_of_screens_are_folded() -> None:
    found = get_template("webmail/_compose_foot.html").template.nodelist  # type: ignore[attr-defined]  # of Django's own engine
    assert any(isinstance(one, Run) for one in found)
