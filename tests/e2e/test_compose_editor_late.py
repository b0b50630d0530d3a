"""The editor comes over a slow line, and somebody writes in the plain field already."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.services import folders
from smtp_accounts.models import Draft, Identity
from smtp_accounts.services import identities
from tests.e2e.writing import words
from tests.waiting import wait_until
from tests.webmail.samples import Mailbox, letter, put

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def comes(page: Page) -> Callable[[], None]:
    """Have the editor come; until then its script is on its way."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    def go_on() -> None:
        while not held:
            page.wait_for_timeout(20)  # which hears of requests; a plain wait would not
        held.pop().continue_()

    page.route("**/js/compose/editor.js*", hold)
    return go_on


def plain(page: Page) -> Locator:
    return page.locator("compose-window [data-editor-text]")


def test_keys_meant_for_the_letter_go_into_it(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    signing: Identity,
    user: User,
    comes: Callable[[], None],
    problems: list[str],
) -> None:
    """What was typed, where its writer was, and a signature with its formatting."""
    identities.set_default(user, signing)
    page.goto(live_server.url)
    page.keyboard.press("c")
    window = page.locator("compose-window")
    window.get_by_label("Subject").press("Enter")
    expect(plain(page)).to_be_focused()
    page.keyboard.type("Dear  Ruth,\nthe lease  is here.")
    for _step in range(len(" here.")):
        page.keyboard.press("ArrowLeft")
    comes()
    expect(words(window)).to_be_focused()
    # Letters that would do something to the list are letters.
    page.keyboard.type(" not")
    expect(words(window)).to_contain_text("the lease is not here.")
    expect(words(window).locator("[data-signature] b")).to_have_text("Harbourline")
    wait_until(lambda: Draft.objects.filter(body__contains="is not here.").exists(), "it is stored")
    text = Draft.objects.get().body
    assert text.startswith("Dear  Ruth,\nthe lease  is not here.\n")
    assert "Mara Lind\nHarbourline" in text
    assert problems == []


@pytest.mark.parametrize("key", ["Control+Home", "Control+End"])
def test_an_answer_keeps_what_it_answers(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    user: User,
    comes: Callable[[], None],
    key: str,
) -> None:
    """Written above the quote, that stays as it is; into it, its words stay."""
    html = "<p>Good morning,</p><p>see you on <b>Thursday</b>.</p><p>Jonas</p>"
    asked = put(folders.special(user, "inbox"), letter("Thursday", html=html), at=timezone.now())
    page.goto(live_server.url + reverse("compose") + f"?reply={asked.pk}")
    given = plain(page).input_value()
    assert "> see you on Thursday." in given
    plain(page).press(key)
    page.keyboard.type("My answer.")
    comes()
    expect(words(page.locator("compose-window"))).to_be_focused()
    page.keyboard.type(" And more.")
    wait_until(lambda: Draft.objects.filter(body__contains="more.").exists(), "it is stored")
    draft = Draft.objects.get()
    assert "My answer. And more." in draft.body
    assert set(given.split()) <= set(draft.body.split())
    assert ("<b>Thursday</b>" in draft.html) is (key == "Control+Home")
    # Nothing of it is taken for the original.
    quote = draft.html.index("data-quote")
    assert draft.html.index("My answer.") < quote or "</blockquote></div><div>My" in draft.html


def test_another_field_keeps_the_focus(
    page: Page, live_server: LiveServer, mailbox: Mailbox, comes: Callable[[], None]
) -> None:
    """Who went on to the subject stays there."""
    page.goto(live_server.url)
    page.keyboard.press("c")
    window = page.locator("compose-window")
    plain(page).fill("Words")
    window.get_by_label("Subject").focus()
    comes()
    expect(words(window)).to_have_text("Words")
    expect(window.get_by_label("Subject")).to_be_focused()


@pytest.mark.parametrize(
    ("typed", "more", "becomes"),
    [
        ("Hello ", "world", "Hello world"),
        ("One\n\nTwo ", "words", "One\n\nTwo words"),
        ("One\n\n", "three", "One\n\nthree"),
        ("A\n", "two", "A\ntwo"),
        ("a  b\n  c ", "d", "a  b\n  c d"),
    ],
)
@pytest.mark.parametrize("signed", [False, True])
def test_not_a_space_or_a_line_is_lost(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    signing: Identity,
    user: User,
    comes: Callable[[], None],
    typed: str,
    more: str,
    becomes: str,
    signed: bool,
) -> None:
    """As if the editor had been there from the first letter on."""
    if signed:
        identities.set_default(user, signing)
    page.goto(live_server.url + reverse("compose"))
    plain(page).press("Control+Home")
    page.keyboard.type(typed)
    comes()
    expect(words(page.locator("compose-window"))).to_be_focused()
    page.keyboard.type(more)
    wait_until(lambda: Draft.objects.filter(body__contains=more).exists(), "it is stored")
    body = Draft.objects.get().body
    assert body.partition("\n\n-- \n")[0].rstrip("\n") == becomes
    assert ("\n-- \nMara Lind\n" in body) is signed
