"""Lines of the folder tree: what they say, whatever a folder is called."""

from __future__ import annotations

from django.template import Context
from django.utils import translation

from mailstore.models import Folder, Source
from tests.webmail.test_row_html import NASTY, Seen
from webmail.place import Place
from webmail.templatetags.tree import tree_node
from webmail.tree import Node, build


def drawn(node: Node, place: Place | None = None, *, pinned: bool = False) -> str:
    return tree_node(Context({"place": place or Place()}), node, pinned=pinned)


def nodes(name: str = "Work", **more: int) -> tuple[Node, ...]:
    gmail = Source(pk=5, name=name, color=2)
    top = Folder(pk=1, name=name, source=gmail, color=3, **more)
    return build([top, Folder(pk=2, name="Below", parent=top)]).own


def test_a_line_says_what_and_how_many() -> None:
    top, below = nodes(unread=4, total=9)
    found = Seen(drawn(top))
    assert found.words == ["Work", "4"]
    assert found.names == ["Folders in Work", "Actions for Work"]
    assert found.titles == ["Work", "Work", "Folder actions"]
    page = drawn(top)
    assert 'class="tree__item tree__item--own a3 tree__item--unread" href="/folder/1/"' in page
    assert 'hx-get="/folder/1/menu/"' in page
    assert 'data-own=""' in page
    assert 'aria-current="page"' in drawn(top, Place(where="1"))
    assert "aria-current" not in page + drawn(top, Place(where="1", query="river"))
    under = drawn(below)
    assert 'data-own="1"' in under
    assert 'data-count="2" hidden>0<' in under
    assert "data-twist" not in under
    assert "data-own" not in drawn(below, pinned=True)
    assert Seen(under).titles[0] == "Work / Below"


def test_hostile_names_are_only_text() -> None:
    calm, hostile = Seen(drawn(nodes("x")[0])), Seen(drawn(nodes(NASTY)[0]))
    assert hostile.tags == calm.tags
    assert NASTY in hostile.words
    assert hostile.titles[:2] == [NASTY, NASTY]
    assert hostile.names == [f"Folders in {NASTY}", f"Actions for {NASTY}"]


def test_special_folders_have_the_readers_language() -> None:
    [inbox] = build([Folder(pk=1, name="Inbox", role="inbox", total=3)]).special
    with translation.override("de"):
        german = Seen(drawn(inbox))
    assert german.names == ["Aktionen für Posteingang"]
    assert Seen(drawn(inbox)).names == ["Actions for Inbox"]
