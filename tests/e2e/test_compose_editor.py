"""The editor of the compose window in a real browser: what is written, and what is stored of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.e2e.editor import PNG, Lab

pytestmark = pytest.mark.django_db(transaction=True)
STYLED = (
    "<html><head><style>p { color: red }</style></head><body><!--StartFragment-->"
    "<p class=MsoNormal style='font-family:Arial;font-size:11pt;color:#000;background:#fff'>Dear "
    "<em style='color:#c00000'>all</em></p><table style='border-collapse:collapse'><tr>"
    "<td style='border:1px solid #123456;position:fixed'>one</td><td>two</td></tr></table>"
    "<img src='https://pixel.test/t.gif' alt='Logo'><a href='javascript:alert(1)' onclick='a()'>x"
    "</a><!--EndFragment--></body></html>"
)
SIGNED = '<div>Hello</div><div data-signature="1"><div>Mara</div></div>'
QUOTE = (
    '<div data-quote=""><p>Jonas wrote:</p><blockquote type="cite"><div style="color:#123456">old '
    '<a href="https://example.org/x">words</a></div></blockquote></div>'
)
STUDIO = {"id": "2", "html": "<b>Studio</b><br>Quay Street", "text": "Studio\nQuay Street"}


@pytest.fixture
def lab(page: Page, live_server: LiveServer) -> Lab:
    """The editor on a page of its own, under the site's policy, with its toolbar open."""
    made = Lab(page, live_server.url)
    made.open()
    made.words.focus()
    return made


def test_keys_give_the_words_their_form(lab: Lab, problems: list[str]) -> None:
    lab.keys("=Dear ", "Control+b", "=all", "Control+b", "=, ", "Control+i", "=now", "Control+i")
    lab.keys(
        "Enter", "Control+u", "=line", "Control+u", "Enter", "Control+Shift+8", "=one", "Enter"
    )
    lab.keys("=two", "Enter", "Enter", "Control+Shift+7", "=first", "Enter", "Enter")
    lab.keys("Control+Shift+9", "=said", "Enter", "Enter", "=end")
    assert lab.html.replace("<br>", "") == (
        "<div>Dear <b>all</b>, <i>now</i></div><div><u>line</u></div>"
        "<ul><li>one</li><li>two</li></ul><ol><li>first</li></ol>"
        '<blockquote type="cite"><div>said</div></blockquote><div>end</div>'
    )
    assert lab.text == "Dear all, now\nline\n- one\n- two\n1. first\n> said\nend"
    lab.keys("Control+a", "Control+\\")
    assert "<b>" not in lab.html
    assert "<ul>" not in lab.html
    assert problems == []


def test_every_step_can_be_undone_and_done_again(lab: Lab) -> None:
    states = [""]
    for step in ("=one ", "Control+b", "=two ", "Enter", "Control+Shift+8", "=three "):
        lab.keys(step)
        if lab.html not in states:
            states.append(lab.html)
    last = lab.html
    seen: list[str] = []
    while lab.tool("Undo").get_attribute("aria-disabled") == "false" and len(seen) < 20:
        lab.keys("Control+z")
        seen.append(lab.html)
    assert seen[-1] == ""
    assert len(set(seen)) == len(seen), "every press is seen"
    for _step in seen:
        lab.keys("Control+y")
    assert lab.html == last


def test_the_toolbar_is_one_stop_and_says_what_is_on(lab: Lab, problems: list[str]) -> None:
    lab.keys("=word", "Control+a", "Tab")
    expect(lab.tool("Undo")).to_be_focused()
    lab.keys("ArrowRight", "ArrowRight")
    expect(lab.tool("Bold")).to_be_focused()
    expect(lab.tool("Bold")).to_have_attribute("aria-pressed", "false")
    lab.keys("Enter")
    expect(lab.tool("Bold")).to_have_attribute("aria-pressed", "true")
    expect(lab.words).to_be_focused()
    lab.keys("Tab")
    expect(lab.tool("Bold")).to_be_focused()
    lab.keys("End")
    expect(lab.tool("Clear formatting")).to_be_focused()
    lab.keys("Escape")
    expect(lab.words).to_be_focused()
    lab.keys("Tab", "Tab")
    expect(lab.page.get_by_role("button", name="Next")).to_be_focused()
    assert lab.html == "<div><b>word</b></div>"
    assert problems == []


def test_menus_of_size_colour_and_alignment(lab: Lab) -> None:
    lab.keys("=word", "Control+a")
    lab.tool("Colour of text").click()
    menu = lab.page.get_by_role("menu", name="Colour of text")
    expect(menu.get_by_role("menuitemradio", name="Normal")).to_be_focused()
    menu.get_by_role("menuitemradio", name="Green").click()
    lab.tool("Size").focus()
    lab.keys("ArrowDown", "ArrowDown", "Enter")
    lab.tool("Alignment").click()
    lab.page.get_by_role("menuitemradio", name="Centred").click()
    html = lab.html
    assert 'style="text-align: center"' in html
    assert "color: #1b7340" in html, "what is stored knows no theme"
    assert "font-size: 18px" in html
    lab.put(html)
    assert lab.html == html
    lab.tool("Colour of text").click()
    lab.keys("Escape")
    expect(lab.tool("Colour of text")).to_be_focused()
    lab.words.focus()
    lab.keys("Control+a")
    lab.tool("Colour of text").click()
    menu.get_by_role("menuitemradio", name="Normal").click()
    assert "color" not in lab.html


def test_a_link_is_made_changed_and_taken_away_by_keys(lab: Lab) -> None:
    lab.keys("=see here", "Control+Shift+ArrowLeft", "Control+k", "=javascript:alert(1)", "Enter")
    address = lab.page.get_by_label("Address of the link")
    expect(lab.page.get_by_text("neither a web address")).to_be_visible()
    expect(address).to_be_focused()
    address.fill("")
    lab.keys("=example.org/page", "Enter")
    expect(lab.words).to_be_focused()
    assert lab.html == '<div>see <a href="https://example.org/page">here</a></div>'
    lab.keys("ArrowLeft")
    expect(lab.page.get_by_role("link", name="https://example.org/page")).to_be_visible()
    lab.keys("Control+k", "Control+a", "=ruth@example.org", "Enter")
    assert 'href="mailto:ruth@example.org"' in lab.html
    lab.keys("ArrowLeft", "Control+k", "Escape")
    expect(lab.words).to_be_focused()
    lab.keys("ArrowLeft")
    lab.page.get_by_role("button", name="Remove").click()
    assert lab.html == "<div>see here</div>"


def test_styled_text_is_pasted_clean_and_loads_nothing(lab: Lab, problems: list[str]) -> None:
    lab.paste(STYLED, "Dear all")
    html = lab.html
    assert '<i style="color: #c00000">all</i>' in html
    assert "border-style: solid" in html
    assert "<td>two</td>" in html
    assert '<a href="https://pixel.test/t.gif">Logo</a>' in html
    for gone in ("font-", "position", "javascript", "onclick", "MsoNormal", "color: red", "<img"):
        assert gone not in html
    expect(lab.page.get_by_text("Pictures from the web were put in as links")).to_be_visible()
    assert lab.asked == []
    assert problems == []


def test_shift_pastes_the_words_only(lab: Lab) -> None:
    lab.page.keyboard.down("Shift")
    lab.paste("<b>bold</b>", "bold\nsecond <line>")
    lab.page.keyboard.up("Shift")
    assert lab.html == "<div>bold</div><div>second &lt;line&gt;</div>"
    lab.put("<div>word</div>")
    lab.keys("Control+a")
    lab.paste(None, "https://example.org/a")
    assert lab.html == '<div><a href="https://example.org/a">word</a></div>'


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_pictures_go_up_and_stand_in_the_text(lab: Lab, kind: str, problems: list[str]) -> None:
    lab.paste(None, None, (("a plan.png", "image/png", PNG),), kind)
    picture = lab.words.locator("img")
    expect(picture).to_have_attribute("data-cid", "c1@lab")
    assert '<img alt="a plan" src="/compose/k/inline/1/" data-cid="c1@lab">' in lab.html
    assert PNG in lab.uploads[0]
    picture.click()
    lab.page.get_by_label("Description").fill("The plan of the studio")
    lab.page.get_by_role("button", name="Full size").click()
    lab.keys("Escape")
    expect(lab.words).to_be_focused()
    assert 'alt="The plan of the studio"' in lab.html
    assert 'width="1" height="1"' in lab.html
    lab.keys("Control+z")
    lab.keys("Control+y")
    assert 'data-cid="c1@lab"' in lab.html
    assert problems == []


def test_pictures_inside_what_is_pasted_go_up_as_well(lab: Lab) -> None:
    from_page = "<p>Plan: <img src='data:image/png;base64,iVBORw0KGgo='></p>"
    lab.paste(from_page, "Plan:")
    expect(lab.words.locator("img")).to_have_attribute("data-cid", "c1@lab")
    assert "data:image" not in lab.html


def test_a_picture_that_cannot_go_up_is_taken_out_and_said(lab: Lab) -> None:
    lab.fails = True
    lab.paste(None, None, (("a.png", "image/png", PNG),))
    expect(lab.page.get_by_text("a.png was not added. It is too large.")).to_be_visible()
    expect(lab.words.locator("img")).to_have_count(0)
    assert "<img" not in lab.html


def test_the_original_is_folded_up_until_somebody_looks(lab: Lab, problems: list[str]) -> None:
    lab.put(f"<div>Hello</div>{QUOTE}")
    more = lab.page.get_by_role("button", name="Show quoted text")
    expect(lab.words).not_to_contain_text("old words")
    assert lab.html == f"<div>Hello</div>{QUOTE}", "untouched, it is kept to the letter"
    assert lab.text.endswith("Jonas wrote:\n> old words <https://example.org/x>")
    more.click()
    expect(lab.words).to_contain_text("old words")
    expect(more).to_be_hidden()
    lab.keys("Control+z")
    expect(more).to_be_visible()
    assert lab.html == f"<div>Hello</div>{QUOTE}"
    assert problems == []


def test_a_signature_is_swapped_and_nothing_else(lab: Lab) -> None:
    lab.put(SIGNED + QUOTE)
    lab.keys("End", "=, Jonas")
    assert lab.call("editor.setSignature(given[0])", STUDIO) == "replaced"
    swapped = '<div data-signature="2"><div><b>Studio</b><br>Quay Street</div></div>'
    assert lab.html == f"<div>Hello, Jonas</div>{swapped}{QUOTE}"
    lab.keys("=!")
    assert lab.html.startswith("<div>Hello, Jonas!</div>"), "the cursor is where it was"
    lab.keys("Control+z", "Control+z")
    assert lab.html == f"<div>Hello, Jonas</div>{SIGNED[16:]}{QUOTE}", "in one step"
    assert (
        lab.call("editor.setSignature(given[0])", {"id": "", "html": "", "text": ""}) == "replaced"
    )
    assert lab.html == f"<div>Hello, Jonas</div>{QUOTE}"
    lab.call("editor.setSignature(given[0])", STUDIO)
    assert lab.html == f"<div>Hello, Jonas</div><div><br></div>{swapped}{QUOTE}"


def test_a_signature_somebody_changed_is_asked_about(lab: Lab) -> None:
    lab.put(SIGNED)
    lab.keys("Control+End", "=, joiner")
    ask = "void (window.said = editor.setSignature(given[0]))"
    lab.call(ask, STUDIO)
    expect(lab.page.get_by_role("button", name="Keep mine")).to_be_focused()
    lab.keys("Enter")
    assert lab.page.evaluate("window.said") == "kept"
    assert "Mara, joiner" in lab.html
    lab.call(ask, STUDIO)
    lab.page.get_by_role("button", name="Replace the signature").click()
    assert lab.page.evaluate("window.said") == "replaced"
    assert "Studio" in lab.html
    lab.keys("Control+z")
    assert "Mara, joiner" in lab.html


def test_plain_text_is_asked_for_and_the_way_back_keeps_everything(lab: Lab) -> None:
    lab.put(f"<div>Dear <b>all</b></div><ul><li>one</li></ul>{SIGNED[16:]}{QUOTE}")
    before = lab.html
    ask = "void (window.said = editor.setPlain(true))"
    lab.call(ask)
    lab.keys("Escape")
    assert lab.page.evaluate("window.said") is False
    assert lab.html == before
    lab.call(ask)
    lab.page.get_by_role("button", name="Switch to plain text").click()
    field = lab.page.get_by_role("textbox", name="Message")
    expect(field).to_have_value(
        "Dear all\n- one\n\n-- \nMara\n\nJonas wrote:\n> old words <https://example.org/x>"
    )
    lab.call("editor.setSignature(given[0])", STUDIO)
    expect(field).to_have_value(re.compile("- one\n\n-- \nStudio\nQuay Street\n\nJonas wrote"))
    posted = lab.page.evaluate("Object.fromEntries(new FormData(document.forms[0]))")
    assert posted["mode"] == "plain"
    assert posted["html"] == ""
    lab.page.locator("[data-toast]").get_by_role("button", name="Undo").click()
    assert lab.html == before
    lab.put("<div>No form at all</div>")
    assert lab.call("editor.setPlain(true)") is True, "nothing would be lost, so nothing is asked"
    assert lab.call("editor.setPlain(false)") is True
    assert lab.html == "<div>No form at all</div>"


def test_plain_text_becomes_a_message_with_its_parts_known(lab: Lab) -> None:
    text = "Hi <you>\n\n-- \nMara\n\nJonas wrote:\n> one\n>> two\n> one\n"
    lab.open(text=text, mode="plain")
    lab.call("editor.setPlain(false)")
    assert lab.html == (
        '<div>Hi &lt;you&gt;</div><div><br></div><div data-signature=""><div>Mara</div></div>'
        '<div data-quote=""><div>Jonas wrote:</div><blockquote type="cite"><div>one</div>'
        '<blockquote type="cite"><div>two</div></blockquote><div>one</div></blockquote></div>'
    )
    assert lab.text == text.rstrip("\n")


def test_there_is_a_way_out_of_a_table_and_of_lists_within_lists(lab: Lab) -> None:
    table = "<table><tbody><tr><td>cell</td></tr></tbody></table>"
    lab.put(table)
    assert lab.html == table
    lab.keys("Control+End", "=below", "Control+Home", "=above")
    assert lab.html == f"<div>above</div>{table}<div>below</div>"
    lab.put("")
    lab.keys("Control+Shift+8", "=one", "Enter", "Control+]", "=inner", "Enter", "Enter", "=two")
    nested = "<ul><li>one<ul><li>inner</li></ul></li><li>two</li></ul>"
    assert lab.html.replace("<div><br></div>", "") == nested
    assert lab.text == "- one\n  - inner\n- two"
    lab.put(nested)
    assert lab.html.replace("<div>one</div>", "one") == nested


def test_escape_closes_what_floats_before_anything_else(lab: Lab) -> None:
    """In the compose window the next one closes the window."""
    lab.page.evaluate(
        """() => {
          window.heard = 0;
          document.addEventListener("keydown", (one) => { heard += one.key === "Escape"; });
        }"""
    )
    lab.put('<div><a href="https://example.org/">words</a></div>')
    lab.keys("ArrowRight")
    shown = lab.page.get_by_role("dialog", name="Link")
    expect(shown).to_be_visible()
    lab.keys("Escape")
    expect(shown).to_be_hidden()
    assert lab.page.evaluate("heard") == 0
    lab.keys("Escape")
    assert lab.page.evaluate("heard") == 1


def test_what_is_written_on_the_box_is_nobodys_writing(lab: Lab) -> None:
    """A browser and its extensions put styles and marks on it; that is no draft to be kept."""
    lab.put("<div>Mine</div>")
    count = "window.changed = (window.changed ?? 0) + 1"
    lab.call(f"void editor.box.addEventListener('editor-changed', () => {{ {count}; }})")
    root = "editor.words.getRoot()"
    lab.call(f"{root}.setAttribute('style', 'caret-color: transparent')")
    assert lab.page.evaluate("window.changed ?? 0") == 0
    lab.call(f"{root}.firstElementChild.append('!')")
    assert lab.page.evaluate("window.changed") == 1


def test_a_signature_changed_before_this_window_was_opened_is_asked_about(lab: Lab) -> None:
    """A draft opened again: what stands there is measured by how its signature is kept."""
    kept = {"id": "1", "html": "<div>Mara</div>", "text": "Mara"}
    lab.put(SIGNED.replace("Mara", "Mara, joiner"))
    lab.call("void (window.said = editor.setSignature(given[0], given[1]))", STUDIO, kept)
    lab.page.get_by_role("button", name="Keep mine").click()
    assert lab.page.evaluate("window.said") == "kept"
    lab.put(SIGNED)
    assert lab.call("editor.setSignature(given[0], given[1])", STUDIO, kept) == "replaced"
