"""Every key of the help does what the help says. Its lines are read from the product: a new one
fails here until this table says what it does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.e2e.test_conversations import SUBJECT, talk
from tests.webmail.samples import Mailbox
from webmail.keys import GROUPS

pytestmark = pytest.mark.django_db(transaction=True)

CHOSEN: Final = "#list > .msg.is-chosen"


class Hands:
    """Two hands over the list of all inboxes."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.rows = page.locator("#list > .msg")
        self.subject = page.locator("[data-subject]")

    def press(self, *keys: str) -> None:
        """One key after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def act(self, key: str, told: str) -> None:
        """A key, and what is told of it; toasts of earlier ones are out of the way."""
        self.page.evaluate("document.getElementById('toasts').replaceChildren()")
        self.press(key)
        expect(self.page.locator("#toasts").get_by_text(told)).to_be_visible()

    def asks(self, key: str, heading: str) -> None:
        """A key that opens a dialog, which is closed again."""
        self.press(key)
        expect(self.page.get_by_role("dialog", name=heading)).to_be_visible()
        self.press("Escape")
        expect(self.page.get_by_role("dialog")).to_have_count(0)

    def goes(self, key: str, heading: str) -> None:
        """Where "g" and a key lead."""
        self.press("g", key)
        expect(self.page.locator("#main h1")).to_have_text(heading)

    def opened(self, row: int = 0) -> str:
        """Open a line by keyboard; what its subject is."""
        self.link(row).focus()
        self.press("Enter")
        named = self.rows.nth(row).locator(".msg__line b").inner_text()
        expect(self.subject).to_have_text(named)
        return named

    def writes(self, key: str, begins: str) -> None:
        """A key that opens a window to write in, which is closed again."""
        self.press(key)
        window = self.page.locator("compose-window")
        field = window.get_by_label("Subject")
        expect(field).to_have_value(begins)
        expect(window.locator(":focus")).to_have_count(1)
        self.press("Escape")
        expect(window).to_have_count(0)

    def link(self, row: int) -> Locator:
        return self.rows.nth(row).locator(".msg__link")

    def chosen(self, count: int) -> None:
        expect(self.page.locator(CHOSEN)).to_have_count(count)

    def chose(self, key: str, like: str) -> None:
        """ "*" and a key choose the rows like this, and no others."""
        self.press("*", key)
        count = self.page.locator(f"#list > .msg{like}").count()
        assert 0 < count < self.rows.count()
        self.chosen(count)
        expect(self.page.locator(f"{CHOSEN}{like}")).to_have_count(count)

    def wrote(self) -> Locator:
        """The window to write in, opened where none is."""
        window = self.page.locator("compose-window")
        if not window.count():
            self.press("c")
            expect(window.locator(":focus")).to_have_count(1)
        return window


def move(hands: Hands) -> None:
    hands.press("j", "j", "k")
    expect(hands.link(0)).to_be_focused()


def open_it(hands: Hands) -> None:
    for key in ("Enter", "o"):
        hands.link(1).focus()
        hands.press(key)
        expect(hands.subject).to_have_text("The harbour in November")
        expect(hands.subject).to_be_focused()
        expect(hands.page).to_have_url(re.compile(r"/message/\d+/\?in=all$"))
        # What is open goes on with the list.
        hands.press("j")
        expect(hands.subject).not_to_have_text("The harbour in November")
        hands.press("u")
        expect(hands.subject).to_have_count(0)


def back(hands: Hands) -> None:
    hands.opened(2)
    hands.press("u")
    expect(hands.subject).to_have_count(0)
    expect(hands.link(2)).to_be_focused()


def walk(hands: Hands) -> None:
    hands.rows.filter(has_text=SUBJECT).locator(".msg__link").focus()
    hands.press("Enter")
    letters = hands.page.locator(".read [data-letter]")
    expect(letters).to_have_count(4)
    hands.press("p")
    expect(letters.nth(2)).to_be_focused()
    hands.press("n")
    expect(letters.nth(3)).to_be_focused()
    hands.press("u")


def search(hands: Hands) -> None:
    hands.press("/")
    expect(hands.page.get_by_role("searchbox")).to_be_focused()
    hands.press("Escape")
    expect(hands.page.get_by_role("searchbox")).not_to_be_focused()


def palette(hands: Hands) -> None:
    hands.press("Control+k")
    expect(hands.page.get_by_role("combobox", name="What would you like to do?")).to_be_focused()
    hands.press("Escape")
    expect(hands.page.get_by_role("dialog")).to_have_count(0)


def goes_away(key: str, told: str) -> Callable[[Hands], None]:
    """What takes the first line away, and is taken back."""

    def step(hands: Hands) -> None:
        before = hands.rows.count()
        hands.link(0).focus()
        hands.act(key, told)
        expect(hands.rows).to_have_count(before - 1)
        expect(hands.link(0)).to_be_focused()
        hands.act("z", "Undone")
        expect(hands.rows).to_have_count(before)

    return step


def archive_and_go_on(hands: Hands) -> None:
    # On many keyboards they are typed with AltGr or Option.
    for key, row, then in (("]", 0, 1), ("[", 1, 0), ("Alt+]", 0, 1)):
        before = hands.rows.count()
        subject = hands.rows.nth(then).locator(".msg__line b").inner_text()
        hands.opened(row)
        hands.act(key, "Message archived")
        expect(hands.subject).to_have_text(subject)
        hands.act("z", "Undone")
        expect(hands.rows).to_have_count(before)
    hands.press("u")


def asks(key: str, heading: str) -> Callable[[Hands], None]:
    def step(hands: Hands) -> None:
        hands.link(0).focus()
        hands.asks(key, heading)

    return step


def mute(hands: Hands) -> None:
    hands.rows.filter(has_text=SUBJECT).locator(".msg__link").focus()
    hands.act("m", "Conversation muted")


def answers(key: str, begins: str) -> Callable[[Hands], None]:
    def step(hands: Hands) -> None:
        subject = hands.opened(0)
        hands.writes(key, f"{begins}{subject}")
        expect(hands.subject).to_have_text(subject)
        hands.press("u")

    return step


def shows(key: str, field: str) -> Callable[[Hands], None]:
    def step(hands: Hands) -> None:
        window = hands.wrote()
        hands.press(key)
        expect(window.get_by_role("combobox", name=field, exact=True)).to_be_focused()

    return step


def send(hands: Hands) -> None:
    hands.wrote()
    hands.press("Control+Enter")
    expect(hands.page.get_by_text("Not sent yet.")).to_be_visible()


def close(hands: Hands) -> None:
    window = hands.wrote()
    # A key that is pressed on a button of the window is not meant for the message beside it.
    hands.link(0).click()
    expect(hands.subject).to_be_visible()
    before = hands.rows.count()
    window.locator("button[data-send]").focus()
    hands.press("e")
    window.get_by_label("Subject").fill("By hand")
    hands.press("Escape")
    expect(window).to_have_count(0)
    expect(hands.rows).to_have_count(before)
    hands.goes("d", "Drafts")
    expect(hands.page.locator("#scroller [data-draft]", has_text="By hand")).to_be_visible()
    hands.goes("a", "All inboxes")


def select(hands: Hands) -> None:
    hands.link(0).focus()
    for count in (1, 0):
        hands.press("x")
        hands.chosen(count)


def select_more(hands: Hands) -> None:
    for key, rows in (("Shift+J", (2, 3)), ("Shift+K", (1, 2))):
        hands.link(2).focus()
        hands.press(key)
        hands.chosen(2)
        for row in rows:
            expect(hands.rows.nth(row).locator(".msg__check")).to_be_checked()
        hands.press("*", "n")


def select_all(hands: Hands) -> None:
    hands.press("*", "a")
    hands.chosen(hands.rows.count())
    hands.press("*", "n")
    hands.chosen(0)


def chooses(first: tuple[str, str], second: tuple[str, str]) -> Callable[[Hands], None]:
    def step(hands: Hands) -> None:
        hands.chose(*first)
        hands.chose(*second)
        hands.press("*", "n")

    return step


def marks(keys: tuple[str, str], like: str) -> Callable[[Hands], None]:
    """The first line becomes like this, and by the other key unlike it."""

    def step(hands: Hands) -> None:
        hands.link(0).focus()
        row = f'#list > [data-id="{hands.rows.first.get_attribute("data-id")}"]'
        for key, count in zip(keys, (1, 0), strict=True):
            hands.press(key)
            expect(hands.page.locator(row + like)).to_have_count(count)

    return step


STEPS: Final[dict[tuple[str, ...], Callable[[Hands], None]]] = {
    ("j", "k"): move,
    ("Enter", "o"): open_it,
    ("u",): back,
    ("n", "p"): walk,
    ("g", "then", "i"): lambda hands: hands.goes("i", "Inbox"),
    ("g", "then", "s"): lambda hands: hands.goes("s", "Sent"),
    ("g", "then", "d"): lambda hands: hands.goes("d", "Drafts"),
    ("g", "then", "a"): lambda hands: hands.goes("a", "All inboxes"),
    ("/",): search,
    ("Ctrl", "K"): palette,
    ("x",): select,
    ("Shift", "J", "K"): select_more,
    ("*", "then", "a", "n"): select_all,
    ("*", "then", "r", "u"): chooses(("r", ":not(.msg--unread)"), ("u", ".msg--unread")),
    ("*", "then", "s", "t"): chooses(("s", "[data-starred]"), ("t", ":not([data-starred])")),
    ("s",): marks(("s", "s"), "[data-starred]"),
    ("Shift", "U"): marks(("Shift+U", "Shift+I"), ".msg--unread"),
    ("Shift", "I"): marks(("Shift+I", "Shift+U"), ":not(.msg--unread)"),
    ("e",): goes_away("e", "Message archived"),
    ("#",): goes_away("#", "Message deleted"),
    ("!",): goes_away("!", "Reported as junk"),
    ("z",): goes_away("Delete", "Message deleted"),
    ("[", "]"): archive_and_go_on,
    ("v",): asks("v", "Move the message"),
    ("l",): asks("l", "Labels of the message"),
    ("h",): asks("h", "Snooze the message until"),
    ("?",): asks("?", "Keyboard shortcuts"),
    ("m",): mute,
    ("c",): lambda hands: hands.writes("c", ""),
    ("r",): answers("r", "Re: "),
    ("a",): answers("a", "Re: "),
    ("f",): answers("f", "Fwd: "),
    ("Ctrl", "Shift", "C"): shows("Control+Shift+C", "Cc"),
    ("Ctrl", "Shift", "B"): shows("Control+Shift+B", "Bcc"),
    ("Ctrl", "Enter"): send,
    ("Esc",): close,
}


def test_every_key_of_the_help(
    page: Page, live_server: LiveServer, user: User, mailbox: Mailbox, problems: list[str]
) -> None:
    assert set(STEPS) == {tuple(map(str, line.keys)) for one in GROUPS for line in one.lines}
    talk(user)
    page.goto(live_server.url)
    hands = Hands(page)
    for step in STEPS.values():
        step(hands)
    # What could not be sent yet is answered with 422.
    assert [one for one in problems if "422" not in one] == []
