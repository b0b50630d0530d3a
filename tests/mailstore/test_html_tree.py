"""The tree between two cleanings: read and written without a change, and never the last word."""

from __future__ import annotations

import nh3
import pytest

from mailstore import html_tree, sanitise
from mailstore.html_tree import Element
from mailstore.text import tidy
from mailstore.trackers import Trackers
from tests.mail import pages, vectors
from tests.mailstore.test_sanitise import judged

TAGS = set(sanitise.TAGS | sanitise.FOLDS)


def test_reading_and_writing_change_nothing() -> None:
    """For the HTML of the corpus: cleaned again it is the same as without the tree between."""
    for name, html in [*pages(), *vectors()[::3]]:
        if sanitise.fits(html):
            kept = nh3.clean(tidy(html), tags=TAGS, attributes=sanitise.ATTRIBUTES, link_rel=None)
            again = html_tree.write(html_tree.read(kept))
            again = nh3.clean(again, tags=TAGS, attributes=sanitise.ATTRIBUTES, link_rel=None)
            assert again == kept, name


def test_a_tree_tells_what_is_in_it() -> None:
    root = html_tree.read('<p title="a &quot;b&quot;">x &lt; y<br><b>z</b></p><hr>')
    assert [one.tag for one in root.walk()] == ["", "p", "br", "b", "hr"]
    assert root.words == "x < yz"
    assert html_tree.write(root) == ('<p title="a &quot;b&quot;">x &lt; y<br><b>z</b></p><hr>')


def test_edits_are_judged_like_a_stranger() -> None:
    def worst(root: Element) -> None:
        root.children += [
            Element("script", {}, ["alert(1)"]),
            Element("img", {"src": "https://t.test/x", "onerror": "alert(1)"}),
            Element("a", {"href": "javascript:alert(1)", "style": "position:fixed"}, ["x"]),
            Element("p", {'"><script>alert(1)</script>': "x", "title": '"><script>'}, ["</p><i>"]),
        ]

    result = sanitise.clean("<p>hello", edits=[worst])
    assert not judged(result.html).wrong
    assert "hello" in result.html
    assert "<script" not in result.html
    assert result.blocked_remote == 1


def test_vectors_stay_inert_with_a_tree_between() -> None:
    for name, payload in vectors()[::2]:
        for for_dark in (False, True):
            html = sanitise.clean(payload, edits=[Trackers()], for_dark=for_dark).html
            assert not judged(html).wrong, (name, html)


@pytest.mark.parametrize(
    ("html", "count"),
    [
        ('<img src="https://t.test/p.gif" width=1 height=1>', 1),
        ('<img src="https://t.test/p.gif" width="1">', 1),
        ('<img src="//t.test/p.gif" style="width:1px;height:0px">', 1),
        ('<img src="https://t.test/p.gif" style="display:none">', 1),
        ('<img src="https://t.test/p.gif" style="visibility: hidden">', 1),
        ('<img src="https://t.test/spacer.gif" width=1 height=20>', 0),
        ('<img src="https://t.test/line.gif" width=600 height=1>', 0),
        ('<img src="https://t.test/phone.gif" class=phone style="display:none">', 0),
        ('<img src="https://t.test/logo.png" width=100% style="max-width:100px">', 0),
        ('<img src="cid:a" width=1 height=1>', 0),
    ],
)  # fmt: skip
def test_pictures_nobody_sees_are_counted_and_go(html: str, count: int) -> None:
    trackers = Trackers()
    result = sanitise.clean(html, edits=[trackers], allow_remote=True, resolve=lambda cid: "/own")
    assert trackers.count == count
    assert ("<img" in result.html) is not count


def test_deep_trees_need_no_stack() -> None:
    deep = html_tree.read("<div>" * 5000 + "x" + "</div>" * 5000)
    assert deep.words == "x"
    assert len(html_tree.write(deep)) == 5000 * 11 + 1
