"""What word processors put on the clipboard: what it says stays, what it is made of goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.e2e.editor import Lab

CLIPBOARD = Path(__file__).parent / "clipboard"


@pytest.fixture
def lab(page: Page, live_server: LiveServer) -> Lab:
    made = Lab(page, live_server.url)
    made.open()
    made.words.focus()
    return made


def test_a_letter_from_word_has_its_lists_and_nothing_of_word(
    lab: Lab, problems: list[str]
) -> None:
    lab.paste((CLIPBOARD / "word.html").read_text(), "Harbour plan")
    html = lab.html
    assert html.startswith(
        '<h1>Harbour plan</h1><p><b>Dear</b> <i>all</i>, see <a href="https://example.org/plan">'
        '<span style="color: #0563c1">the plan</span></a>.</p>'
    )
    bullets = "<ul><li><div>Ropes</div><ul><li>of <b>hemp</b></li></ul></li><li>Lamps</li></ul>"
    assert f"{bullets}<ol><li>First</li><li>Second</li></ol><table" in html
    assert "<b>Pier</b></td>" in html
    for gone in ("mso", "Mso", "o:p", "·", "font-", "lang=", "Wingdings", "1."):
        assert gone not in html
    assert "- Ropes\n  - of hemp\n- Lamps\n1. First\n2. Second\nPier\t4" in lab.text
    assert lab.asked == []
    assert problems == []


def test_a_letter_from_docs_is_bold_only_where_it_says_so(lab: Lab, problems: list[str]) -> None:
    lab.paste((CLIPBOARD / "docs.html").read_text(), "Harbour plan")
    html = lab.html
    assert html.startswith(
        '<h1>Harbour plan</h1><div><b>Dear</b> <i>all</i>, see <a href="https://example.org/plan">'
        '<span style="color: #1155cc"><u>the plan</u></span></a></div>'
    )
    bullets = "<ul><li>Ropes<ul><li>of <b>hemp</b></li></ul></li><li>Lamps</li></ul>"
    assert f"{bullets}<ol><li>First</li><li>Second</li></ol>" in html
    assert "<b>Pier</b></td>" in html
    for gone in ("guid", "font-", "dir=", "role", "aria", "line-height"):
        assert gone not in html
    assert "- Ropes\n  - of hemp\n- Lamps\n1. First\n2. Second" in lab.text
    assert problems == []


def test_what_is_not_bold_within_bold_words_stays_so(lab: Lab) -> None:
    lab.paste('<b>all <span style="font-weight: normal">but this</span></b>', "all but this")
    assert lab.html == ('<div><b>all <span style="font-weight: normal">but this</span></b></div>')
