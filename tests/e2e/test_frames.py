"""The frame of an HTML mail: as tall as what it holds, its keys where the page looks for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Frame, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import Message
from mailstore.services import folders
from tests.e2e.conftest import PHONE, WIDE
from tests.waiting import wait_until
from tests.webmail.samples import letter, picture, put

pytestmark = pytest.mark.django_db(transaction=True)

TALL = "<details><summary>More</summary><div style='height:700px'>far</div></details>" + "".join(
    f"<p>Line {number}</p>" for number in range(80)
)
WINDOW_HIGH = "<style>html,body{height:100%}p{min-height:100vh}</style><p>Short</p>"
# Eight hundred wide, as newsletters are that know no phones.
NEWS = (
    "<table width=800 cellpadding=20 style='width:800px;min-width:800px' bgcolor=#f4efe6><tr>"
    "<td style='min-width:400px'><h1>The harbour</h1><img src=cid:a width=200 height=100></td>"
    "<td style='min-width:320px'>Two more crossings in the evening.</td></tr></table>"
)
LISTEN = """() => {
  window.pressed = [];
  addEventListener("keydown", (event) => pressed.push(event.key));
}"""
DEAF = "() => { document.body.replaceChildren = () => { throw new Error('deaf') } }"
FITS = "() => document.documentElement.scrollHeight <= innerHeight + 1"


@pytest.fixture
def letters(user: User, enter: Callable[[User], None]) -> list[Message]:
    enter(user)
    inbox = folders.special(user, "inbox")
    bodies = {"Tall": TALL, "Window": WINDOW_HIGH, "News": NEWS}
    return [
        put(inbox, letter(name, html=html, pictures=[("a", picture(200, 100))]), at=timezone.now())
        for name, html in bodies.items()
    ]


def body(page: Page) -> Frame:
    """The frame of the open message, once it is as tall as what it holds."""
    expect(page.locator("[data-frame=sized]")).to_be_visible()
    found = page.locator("[data-frame]").element_handle()
    assert found
    frame = found.content_frame()
    assert frame
    frame.wait_for_function(FITS)
    return frame


def height(page: Page) -> float:
    return float(page.locator("[data-frame]").evaluate("one => one.clientHeight"))


def test_it_is_as_tall_as_what_it_holds(
    page: Page, live_server: LiveServer, letters: list[Message], problems: list[str]
) -> None:
    tall, window, _news = letters
    page.goto(f"{live_server.url}/message/{tall.pk}/")
    frame = body(page)
    first = height(page)
    assert first > 2000
    # The pane scrolls, from inside the frame as well.
    scrolled = "() => document.querySelector('.read').scrollTop"
    page.locator("[data-frame]").hover(position={"x": 50, "y": 50})
    page.mouse.wheel(0, 400)
    wait_until(lambda: page.evaluate(scrolled) > 0, "the pane has scrolled")
    page.evaluate("() => document.querySelector('.read').scrollTo(0, 0)")
    frame.get_by_text("More").click()
    wait_until(lambda: height(page) >= first + 690, "what unfolds makes it taller")
    frame.get_by_text("More").click()
    wait_until(lambda: height(page) == first, "and folded again shorter")
    # One that is as tall as its window does not grow with it.
    page.goto(f"{live_server.url}/message/{window.pk}/")
    body(page)
    assert height(page) < 200
    assert problems == []


def test_keys_in_it_are_those_of_the_page(
    page: Page, live_server: LiveServer, letters: list[Message]
) -> None:
    news = letters[-1]
    page.goto(f"{live_server.url}/message/{news.pk}/?in=all")
    subject = page.locator("[data-subject]")
    body(page).get_by_text("Two more crossings").click()
    page.keyboard.press("j")
    expect(subject).to_have_text("Window")
    body(page).get_by_text("Short").click()
    page.keyboard.press("k")
    expect(subject).to_have_text("News")
    body(page).get_by_text("Two more crossings").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    # With Shift, and one after the other.
    body(page).get_by_text("Two more crossings").click()
    page.keyboard.press("Shift+J")
    expect(page.get_by_text("2 selected")).to_be_visible()
    for key in ("*", "n"):
        body(page).get_by_text("Two more crossings").click()
        page.keyboard.press(key)
    expect(page.locator(".msg__check:checked")).to_have_count(0)
    body(page).get_by_text("Two more crossings").click()
    page.keyboard.press("]")
    expect(subject).to_have_text("Window")
    body(page).get_by_text("Short").click()
    page.keyboard.press("[")
    expect(subject).to_have_text("Tall")
    expect(page.locator("#list > .msg")).to_have_count(1)


def test_it_is_believed_no_further_than_a_mail_may_reach(
    page: Page, live_server: LiveServer, letters: list[Message]
) -> None:
    tall, *_others = letters
    page.goto(f"{live_server.url}/message/{tall.pk}/")
    frame = body(page)
    page.evaluate(LISTEN)
    # As if a script of the mail ran in spite of everything: it has no origin, and a known voice.
    assert (
        frame.evaluate("() => { try { return parent.document.cookie } catch { return null } }")
        is None
    )
    assert (
        frame.evaluate("() => { try { return localStorage.length } catch { return null } }") is None
    )
    said = [
        {"height": 1e12, "turn": 0},
        {"height": "9", "turn": 0},
        {"key": "e"},
        {"key": "F5"},
        {"key": "<b>"},
        None,
        "x",
        {"link": "https://example.test/<b>"},
    ]
    frame.evaluate("(said) => said.forEach((one) => parent.postMessage(one, '*'))", said)
    target = page.locator(".link-target")
    expect(target).to_have_text("https://example.test/<b>")
    assert height(page) == 200_000
    # The page never had its focus in there, so no key of it counts.
    assert page.evaluate("() => pressed") == []
    expect(page.locator("[data-subject]")).to_have_text("Tall")
    # Another window says the same and is not listened to.
    page.evaluate("() => postMessage({ height: 77 }, '*')")
    frame.evaluate("() => parent.postMessage({ link: '' }, '*')")
    expect(target).to_be_hidden()
    assert height(page) == 200_000


def test_wide_mail_fits_a_phone(
    page: Page, live_server: LiveServer, letters: list[Message], shot: Callable[..., None]
) -> None:
    news = letters[-1]
    page.goto(f"{live_server.url}/message/{news.pk}/")
    body(page)
    shot("frame-news", (WIDE, PHONE))
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    frame = body(page)
    frame.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth + 1")


def test_who_wrote_is_on_paper_whatever_the_mail_says(
    page: Page, live_server: LiveServer, user: User, enter: Callable[[User], None],
    shot: Callable[..., None],
) -> None:  # fmt: skip
    """Dark on white, in the dark theme as well, and out of reach of the mail's own style."""
    enter(user)
    user.theme = "dark"
    user.save()
    style = (
        "html,body,header,h1,p,*{display:none!important;opacity:0!important;font-size:0!important;"
        "color:#fff!important;margin:-500px!important;width:0!important;overflow:hidden!important}"
        "html body div.a{display:block!important;opacity:1!important;font-size:16px!important;"
        "width:400px!important;margin:-90px 0 0!important;background:#fff!important}"
    )
    html = f"<style>{style}</style><div class=a style='color:#000'>From your bank</div>"
    message = put(folders.special(user, "inbox"), letter("Paper", html=html), at=timezone.now())
    page.goto(f"{live_server.url}/message/{message.pk}/frame/?print=1")
    head = page.get_by_role("heading", name="Paper")
    expect(head).to_be_visible()
    expect(page.get_by_text("jonas@harbourline.test")).to_be_visible()
    said = head.evaluate(
        """one => {
          const box = one.getBoundingClientRect(), style = getComputedStyle(one);
          const top = document.elementFromPoint(box.x + 5, box.y + box.height / 2);
          return [top === one, box.y >= 0, style.color, getComputedStyle(document.body).opacity];
        }"""
    )
    assert said == [True, True, "rgb(25, 30, 34)", "1"]
    shot("paper")


def test_images_and_colours_change_in_place(
    page: Page, live_server: LiveServer, user: User, enter: Callable[[User], None],
    shot: Callable[..., None], no_barriers: Callable[[], None], problems: list[str],
) -> None:  # fmt: skip
    """Remote images through our own site, after their turn; colours for the dark."""
    enter(user)
    user.theme = "dark"
    user.save()
    html = (
        "<div style='background:#fff;color:#333'><h1 style='color:#7a3b1d'>Harbour</h1>"
        "<img src='https://images.harbourline.test/map.png' width=240 alt=Map>"
        "<img src='https://track.harbourline.test/o.gif' width=1 height=1></div>"
    )
    inbox = folders.special(user, "inbox")
    put(inbox, letter("Another"), at=timezone.now())
    message = put(inbox, letter("Map", html=html), at=timezone.now())
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=503)
        else:
            route.fulfill(body=picture(240, 300), content_type="image/png")

    page.route("**/image/**", answer)
    page.goto(f"{live_server.url}/message/{message.pk}/")
    body(page)
    before = height(page)
    note = page.locator("[data-images]")
    expect(note).to_contain_text("1 remote image was not loaded. 1 tracker was taken out.")
    shot("images-note", (WIDE, PHONE))
    assert asked == []
    page.get_by_label("Always load images").click()
    page.get_by_role("button", name="Always from jonas@harbourline.test").click()
    picture_in = page.frame_locator("#reading [data-frame]").get_by_alt_text("Map")
    expect(picture_in).to_have_js_property("naturalWidth", 240)
    assert len(asked) == 2
    wait_until(lambda: height(page) >= before + 100, "and the frame taller")
    ground = picture_in.locator("..")
    expect(ground).to_have_css("background-color", "rgb(255, 255, 255)")
    # While a frame waits for the next message, as this one's is not for all.
    page.locator("#list .msg").filter(has_text="Another").hover()
    expect(page.locator(".parking [data-frame=parked]")).to_have_count(1)
    page.get_by_label("More for this message").click()
    page.get_by_role("button", name="Show in dark").click()
    expect(page.locator("[data-dark-mail] [data-words]")).not_to_have_text("Show in dark")
    expect(ground).not_to_have_css("background-color", "rgb(255, 255, 255)")
    shot("dark-mail", (WIDE,))
    user.refresh_from_db()
    assert user.dark_mail
    page.goto(f"{live_server.url}/settings/reading/")
    no_barriers()
    shot("settings-reading", (WIDE, PHONE))
    page.get_by_role("button", name="Remove jonas@harbourline.test").click()
    expect(page.get_by_text("Nobody yet.")).to_be_visible()
    # The browser itself speaks of the picture that was to be asked for again.
    assert [one for one in problems if "503" not in one] == []


def test_one_frame_shows_one_message_after_the_other(
    page: Page, live_server: LiveServer, letters: list[Message], problems: list[str]
) -> None:
    """Taken over into the next pane it holds the next message, is as tall, and speaks for that."""
    news = letters[-1]
    page.goto(f"{live_server.url}/message/{news.pk}/?in=all")
    body(page)
    first = page.locator("[data-frame]").element_handle()
    shown = page.frame_locator("[data-frame]")
    page.keyboard.press("j")
    expect(shown.get_by_text("Short")).to_be_visible()
    expect(shown.get_by_text("Two more crossings")).to_have_count(0)
    body(page)
    assert height(page) < 200
    page.keyboard.press("j")
    expect(shown.get_by_text("Line 79")).to_be_visible()
    body(page)
    assert height(page) > 2000
    assert page.locator("[data-frame]").evaluate("(one, first) => one === first", first)
    page.go_back()
    expect(page.locator("[data-subject]")).to_have_text("Window")
    expect(shown.get_by_text("Short")).to_be_visible()
    # What it said of another message changes nothing any more.
    frame = body(page)
    frame.evaluate("() => parent.postMessage({ height: 1234, turn: 1 }, '*')")
    frame.evaluate("() => parent.postMessage({ link: 'https://example.test/' }, '*')")
    expect(page.locator(".link-target")).to_have_text("https://example.test/")
    assert height(page) < 200
    # One that was loaded anew is not where it was put: the next message gets another.
    page.locator("[data-frame]").evaluate("one => { one.dataset.mine = 1; one.src += '?again'; }")
    wait_until(
        lambda: page.locator("[data-frame]").evaluate("one => one.dataset.loads") == "2",
        "the frame has loaded a second page",
    )
    page.keyboard.press("j")
    expect(shown.get_by_text("Line 79")).to_be_visible()
    assert page.locator("[data-frame]").get_attribute("data-mine") is None
    assert problems == []


def test_nothing_runs_that_is_put_into_a_frame(
    page: Page, live_server: LiveServer, letters: list[Message]
) -> None:
    """As if the next message came as it was written: the policy of the frame holds for it too."""
    page.goto(f"{live_server.url}/message/{letters[0].pk}/")
    frame = body(page)
    attacks = (
        "<img src=x onerror='window.ran = 1'><svg onload='window.ran = 2'></svg>"
        "<script>window.ran = 3</script><iframe srcdoc='<script>parent.ran = 4</script>'></iframe>"
        "<a href='javascript:window.ran = 5'>here</a><form action='/x'><button>Send</button></form>"
        "<base href='https://example.test/'><style>body{color:rgb(1, 2, 3)}</style>"
    )
    page.locator("[data-frame]").evaluate(
        "(one, html) => one.contentWindow.postMessage({ html, scheme: 'light', turn: 9 }, '*')",
        attacks,
    )
    frame.get_by_text("here").click()
    frame.get_by_role("button", name="Send").click()
    wait_until(
        lambda: frame.evaluate("() => getComputedStyle(document.body).color") == "rgb(1, 2, 3)",
        "what was put in is drawn",
    )
    assert frame.evaluate("() => [window.ran, document.baseURI === location.href]") == [None, True]
    # Nobody but the page around it is listened to.
    frame.evaluate("() => postMessage({ html: 'Mine', scheme: 'light', turn: 10 }, '*')")
    expect(page.frame_locator("[data-frame]").get_by_text("here")).to_be_visible()


def test_a_frame_waits_for_mail_and_outlives_its_pane(
    page: Page, live_server: LiveServer, letters: list[Message], problems: list[str]
) -> None:
    """One for all: made when the pointer comes to the list, empty while nothing is open."""
    page.goto(f"{live_server.url}/")
    rows = page.locator("#list .msg")
    rows.filter(has_text="Tall").hover()
    parked = page.locator(".parking [data-frame=parked][data-loads]")
    expect(parked).to_have_count(1)
    first = parked.element_handle()
    rows.filter(has_text="Tall").click()
    shown = page.frame_locator("#reading [data-frame]")
    expect(shown.get_by_text("Line 79")).to_be_visible()
    body(page)
    assert height(page) > 2000
    page.keyboard.press("u")
    expect(page.locator("#reading iframe")).to_have_count(0)
    expect(parked).to_have_count(1)
    expect(page.frame_locator(".parking iframe").get_by_text("Line 79")).to_have_count(0)
    # What it says meanwhile is nobody's word.
    frame = page.frames[-1]
    frame.evaluate("() => parent.postMessage({ link: 'https://example.test/' }, '*')")
    rows.filter(has_text="Window").click()
    expect(shown.get_by_text("Short")).to_be_visible()
    body(page)
    assert height(page) < 200
    assert page.locator("#reading iframe").evaluate("(one, first) => one === first", first)
    expect(page.locator(".link-target")).to_have_count(0)
    # One that holds its peace gives way to a page of its own.
    body(page).evaluate(DEAF)
    page.keyboard.press("j")
    expect(page.locator("[data-subject]")).to_have_text("Tall")
    expect(shown.get_by_text("Line 79")).to_be_visible()
    assert page.locator("#reading iframe").evaluate("(one, first) => one !== first", first)
    assert [one for one in problems if "deaf" not in one] == []
