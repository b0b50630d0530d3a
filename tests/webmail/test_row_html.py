"""Lines of a list: what is seen and what is read out, whatever a mail holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from django.utils import translation

from mailstore.conversations import About, Who
from mailstore.models import Folder, Label, Source
from mailstore.paging import Line
from mailstore.query_text import parse
from smtp_accounts.services.marks import Mark
from webmail.beside import Beside
from webmail.place import Place
from webmail.row_html import draw, with_hits
from webmail.rows import Row, rows

NASTY = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;{{ 7 }}%(subject)s \0end"
PLAIN = Line(
    id=7,
    folder_id=3,
    source_id=5,
    thread_id=9,
    sort_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    is_seen=True,
    is_flagged=False,
    is_answered=False,
    is_forwarded=False,
    has_attachments=False,
    from_name="Ruth Okafor",
    from_address="ruth@okafor.test",
    snippet="I moved the panel.",
    subject="Programme draft",
    to_text="Mara",
)


class Seen(HTMLParser):
    """The elements and words of a page, and the names it gives to assistive technology."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.names: list[str] = []
        self.titles: list[str] = []
        self.rows: list[dict[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.names += [said["aria-label"]] if "aria-label" in said else []
        self.titles += [said["title"]] if "title" in said else []
        self.rows += [said] if tag == "li" and "data-id" in said else []

    def handle_data(self, data: str) -> None:
        self.words += [data.strip()] if data.strip() else []


GMAIL, YAHOO = Source(pk=5, name="Gmail", color=2), Source(pk=6, name="Yahoo", color=3)


def made(
    line: Line, place: Place | None = None, *, sources: tuple[Source, ...] = (GMAIL,), **beside: Any
) -> list[Row]:
    return rows(
        [line],
        place=place or Place(where="3"),
        folders={3: Folder(pk=3, name="Work"), 4: Folder(pk=4, name="Sent", role="sent")},
        sources={one.pk: one for one in sources},
        beside=Beside(**beside),
        now=datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
    )


def seen(line: Line, place: Place | None = None, **beside: Any) -> Seen:
    return Seen(draw(made(line, place, **beside)))


def test_a_line_says_who_what_and_when() -> None:
    found = seen(PLAIN)
    assert found.words == [
        "Yesterday", "RO", "Ruth Okafor", "Fri", "Programme draft", "I moved the panel.",
    ]  # fmt: skip
    assert found.names == ["Select: Programme draft", "Starred"]
    assert found.titles == ["ruth@okafor.test", "Gmail"]
    [row] = found.rows
    assert row == {"class": "msg", "data-id": "7", "data-mark": row["data-mark"]}


def test_a_line_that_is_known_is_not_told_again() -> None:
    """What is known is how it looks to this reader, now; a page of lines is small."""
    mark = seen(PLAIN).rows[0]["data-mark"]
    short = draw(made(PLAIN), known={"7": mark})
    assert Seen(short).rows == [{"class": "msg", "data-id": "7", "data-same": ""}]
    assert "Yesterday" in Seen(short).words
    for other in (
        draw(made(PLAIN), known={"8": mark}),
        draw(made(PLAIN._replace(is_seen=False)), known={"7": mark}),
        draw(made(PLAIN._replace(is_flagged=True)), known={"7": mark}),
        draw(made(PLAIN, Place()), known={"7": mark}),
    ):
        assert "Programme draft" in Seen(other).words
    with translation.override("de"):
        assert "Programme draft" in Seen(draw(made(PLAIN), known={"7": mark})).words
    assert len(draw(made(PLAIN))) < 1_000


def test_marks_are_words_too() -> None:
    found = seen(
        PLAIN._replace(
            is_seen=False, is_flagged=True, is_answered=True, has_attachments=True, thread_id=None
        ),
        marks={7: Mark("Not delivered to a@b.test", is_bad=True)},
        labels={7: [Label(pk=1, name="Tax", color=4)]},
    )
    assert "Unread:" in found.words
    assert "Tax" in found.words
    assert found.names[1:5] == [
        "Not delivered to a@b.test", "Answered", "Has attachments", "Starred",
    ]  # fmt: skip
    assert found.rows[0]["class"] == "msg msg--unread"
    assert "data-starred" in found.rows[0]


@pytest.mark.parametrize("field", ["subject", "from_name", "from_address", "snippet"])
def test_hostile_text_is_only_text(field: str) -> None:
    calm, hostile = seen(PLAIN), seen(Line(**{**PLAIN._asdict(), field: NASTY}))
    assert hostile.tags == calm.tags
    assert NASTY in [*hostile.words, *hostile.names, *hostile.titles]
    if field == "subject":
        assert hostile.names[0] == f"Select: {NASTY}"


def test_hostile_names_of_ones_own_are_only_text() -> None:
    [row] = made(PLAIN)
    label = Label(name=NASTY, color=1)
    source = Source(pk=5, name=NASTY, color=2)
    mark = Mark(NASTY, is_bad=False)
    nasty = replace(row, label=NASTY, labels=[label], source=source, mark=mark)
    calm = replace(row, label="x", labels=[Label(name="y")], mark=Mark("z", is_bad=False))
    hostile = Seen(draw([nasty]))
    assert hostile.tags == Seen(draw([calm])).tags
    assert hostile.words.count(NASTY) == 2
    assert hostile.titles.count(NASTY) == 2
    assert NASTY in hostile.names


def test_an_empty_message_has_words() -> None:
    found = seen(PLAIN._replace(subject="", from_name="", from_address="", snippet=""))
    assert "No subject" in found.words
    assert "Unknown sender" in found.words
    assert found.names[0] == "Select: No subject"


def test_sent_mail_shows_who_it_went_to() -> None:
    found = seen(PLAIN._replace(folder_id=4), Place(where="4"))
    assert "Mara" in found.words
    assert "ruth@okafor.test" not in found.titles


def test_all_inboxes_names_the_account_and_searches_the_folder() -> None:
    assert "Gmail" in seen(PLAIN, Place(), sources=(GMAIL, YAHOO)).words
    # Of a single account every line would say the same.
    assert "Gmail" not in seen(PLAIN, Place()).words
    assert "Work" in seen(PLAIN, Place(query="river")).words
    assert not {"Gmail", "Work"} & set(seen(PLAIN).words)


def test_a_snoozed_message_says_when_it_comes_back() -> None:
    found = seen(PLAIN, snoozed={7: datetime(2026, 11, 25, 8, 0, tzinfo=UTC)})
    assert "Wed 08:00" in found.words
    assert "Yesterday" in found.words  # where it stands in the list


def test_the_line_of_a_conversation() -> None:
    people = (
        Who("Ruth Okafor", "ruth@okafor.test", False),
        Who("Lind, Mara", "MARA@example.test", False),
        Who("Wrona, Tomasz", "tomasz@wrona.test", True),
        Who("", "desk@library.test", False),
        Who("x@bank.test", "x@evil.test", False),
    )
    about = About(4, 1, 1, True, people)
    found = seen(PLAIN, threads={9: about}, mine=frozenset({"mara@example.test"}))
    assert "Ruth, me, Wrona, Tomasz, desk@library.test, x@evil.test" in found.words
    assert "4 messages in this conversation" in found.words
    assert "Unread:" in found.words
    assert "Has attachments" in found.names
    assert "data-starred" in found.rows[0]
    assert found.titles == ["Gmail"]
    alone = seen(PLAIN, threads={9: About(1, 0, 0, False, people[:1])})
    assert "Ruth Okafor" in alone.words
    assert alone.titles == ["ruth@okafor.test", "Gmail"]
    twice = seen(PLAIN, threads={9: About(2, 0, 0, False, people[:1])})
    assert "Ruth Okafor" in twice.words


def test_why_a_message_came_back_and_what_was_searched() -> None:
    found = seen(PLAIN, notes={7: f"No answer since {NASTY}"})
    assert f"No answer since {NASTY}" in found.names
    wanted = with_hits(parse("subject:draft from:ruth"))
    page = draw(made(PLAIN._replace(subject=f"Draft {NASTY}")), shown=wanted)
    assert "<b><mark>Draft</mark> &quot;" in page
    assert "<mark>Ruth</mark> Okafor</a>" in page
    assert "<script" not in page


def test_each_language_has_its_own_words() -> None:
    with translation.override("de"):
        german = seen(PLAIN)
    assert german.names[0] == "Auswählen: Programme draft"
    assert seen(PLAIN).names[0] == "Select: Programme draft"
