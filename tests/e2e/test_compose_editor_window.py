"""The editor where it is used: the compose window, by keys, with pictures, in every look."""

from __future__ import annotations

import re
from collections.abc import Callable
from email import message_from_bytes, policy

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import Message
from mailstore.services import blobs, folders
from smtp_accounts.models import Draft, OutboxMessage
from tests.e2e.editor import PNG, Lab
from tests.e2e.test_hostile import Watched, enter
from tests.waiting import wait_until
from tests.webmail.samples import Mailbox, letter, picture, put

pytestmark = pytest.mark.django_db(transaction=True)
Shot = Callable[..., None]
LEASE = """<html><body><p>Dear Mara,</p><table><tr><td style="color:#000;background-color:#ffe9a8">
The <b>lease</b> is here: <a href="https://harbourline.test/lease">lease</a>.</td></tr></table>
<img src="https://pixel.test/t.gif" alt="Logo"><p style="color:#1a1a1a">Jonas</p></body></html>"""


@pytest.fixture
def lease(user: User, mailbox: Mailbox) -> Message:
    inbox = folders.special(user, "inbox")
    return put(inbox, letter("Lease for the studio", html=LEASE), at=timezone.now())


def html_of(sent: OutboxMessage) -> str:
    """The HTML alternative of a message as it is on the wire."""
    found = message_from_bytes(blobs.read(sent.blob), policy=policy.default).get_body(("html",))
    assert found is not None
    return str(found.get_content())


def test_a_message_is_written_and_sent_by_keys_alone(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    problems: list[str],
    settings: Settings,
) -> None:
    settings.RELAY_URL = "smtp+starttls://localhost:587"
    page.goto(live_server.url)
    page.locator("#list > .msg").first.wait_for()
    keys = page.keyboard
    keys.press("c")
    words = page.get_by_role("textbox", name="Message")
    expect(page.locator("compose-window [data-ready]")).to_be_attached()
    keys.type("ruth@harbourline.test")
    keys.press("Enter")
    page.get_by_label("Subject").focus()
    keys.type("The readings")
    keys.press("Enter")
    expect(words).to_be_focused()
    keys.type("Dear Ruth, ")
    keys.press("Control+b")
    keys.type("all")
    keys.press("Control+b")
    keys.type(" is well.")
    keys.press("Enter")
    keys.press("Tab")
    expect(words).not_to_be_focused()
    page.get_by_role("button", name="Formatting").focus()
    keys.press("Enter")
    expect(words).to_be_focused()
    keys.press("Tab")
    tools = page.get_by_role("toolbar", name="Formatting")
    expect(tools.get_by_role("button", name="Undo")).to_be_focused()
    for _step in range(8):
        keys.press("ArrowRight")
    expect(tools.get_by_role("button", name="Bulleted list")).to_be_focused()
    keys.press("Enter")
    keys.type("one")
    keys.press("Control+Enter")
    expect(page.locator("compose-window")).to_have_count(0)
    html = html_of(OutboxMessage.objects.get())
    assert "Dear Ruth, <b>all</b> is well." in html.replace("\xa0", " ").replace("&nbsp;", " ")
    assert "<li>one</li>" in html
    assert problems == []


def test_a_draft_comes_back_as_it_was_written(
    page: Page, live_server: LiveServer, lease: Message, problems: list[str]
) -> None:
    page.goto(f"{live_server.url}{reverse('compose')}?reply={lease.pk}")
    page.locator("compose-window [data-ready]").wait_for()
    words = page.get_by_role("textbox", name="Message")
    words.focus()
    page.keyboard.press("Control+u")
    page.keyboard.type("Yes")
    page.keyboard.press("Control+u")
    expect(page.get_by_role("status").filter(has_text="Saved").first).to_be_visible()
    draft = wait_until(
        lambda: Draft.objects.filter(html__contains="<u>Yes</u>").first(), "the draft is saved"
    )
    assert draft is not None
    assert "data-quote" in draft.html
    page.goto(f"{live_server.url}{reverse('compose-draft', args=[draft.key])}")
    expect(words.locator("u")).to_have_text("Yes")
    expect(words).not_to_contain_text("lease")
    page.get_by_role("button", name="Show quoted text").click()
    expect(words).to_contain_text("The lease is here")
    assert problems == []


def test_pictures_go_along_inside_the_message(
    page: Page,
    live_server: LiveServer,
    user: User,
    mailbox: Mailbox,
    problems: list[str],
    settings: Settings,
) -> None:
    """One that is pasted, and one that stood in the message answered; at their places."""
    settings.RELAY_URL = "smtp+starttls://localhost:587"
    html = '<p>The plan:</p><img src="cid:plan@samples.test" alt="plan">'
    raw = letter("The plan", html=html, pictures=[("plan@samples.test", picture())])
    asked = put(folders.special(user, "inbox"), raw, at=timezone.now())
    page.goto(live_server.url)
    page.locator(f'#list [data-id="{asked.pk}"] .msg__link').click()
    page.get_by_role("link", name="Reply", exact=True).first.click()
    words = page.get_by_role("textbox", name="Message")
    expect(words).to_be_focused()
    page.keyboard.type("Mine: ")
    lab = Lab(page, live_server.url)
    lab.paste(None, None, (("mine.png", "image/png", PNG),))
    shown = words.locator("img[data-cid]")
    expect(shown).to_have_attribute("src", re.compile(r"^/compose/.+/inline/\d+/$"))
    assert shown.evaluate("one => one.decode().then(() => one.naturalWidth)") == 1
    page.get_by_role("button", name="Show quoted text").click()
    expect(words.locator("[data-quote] img")).to_be_attached()
    page.keyboard.press("Control+Enter")
    expect(page.locator("compose-window")).to_have_count(0)
    sent = message_from_bytes(blobs.read(OutboxMessage.objects.get().blob), policy=policy.default)
    named = re.findall(r'src="cid:([^"]+)"', html_of(OutboxMessage.objects.get()))
    parts = [one for one in sent.walk() if one.get_content_maintype() == "image"]
    assert len(named) == 2
    assert {f"<{one}>" for one in named} == {one["Content-ID"] for one in parts}
    assert {one.get_content() for one in parts} == {PNG, picture()}
    assert problems == []


def test_without_a_script_it_is_the_plain_field(
    browser: Browser, live_server: LiveServer, lease: Message, user: User
) -> None:
    watched = browser.new_context(java_script_enabled=False)
    holder = Watched.__new__(Watched)
    holder.context = watched
    site = enter(holder, live_server, user)
    page = watched.new_page()
    page.goto(f"{site}{reverse('compose')}?reply={lease.pk}")
    field = page.get_by_role("textbox", name="Message")
    expect(field).to_be_visible()
    assert "> Good morning," in field.input_value()
    expect(page.get_by_role("toolbar", name="Formatting")).to_be_hidden()
    field.fill("No script, no matter.")
    page.get_by_role("button", name="Save draft").click()
    expect(field).to_have_value("No script, no matter.")
    watched.close()


@pytest.fixture
def lab(page: Page, live_server: LiveServer) -> Lab:
    made = Lab(page, live_server.url)
    made.open()
    made.words.focus()
    return made


def test_a_keyboard_on_glass_joins_paragraphs(lab: Lab) -> None:
    """It deletes without a key event, and the browser left to itself writes styles of its own."""
    lab.put("<div>one</div><blockquote><div>two</div></blockquote>")
    lab.page.evaluate(
        """() => {
          const text = document.querySelector(".editor__words blockquote div").firstChild;
          getSelection().setBaseAndExtent(text, 0, text, 0);
          const more = { inputType: "deleteContentBackward", bubbles: true, cancelable: true };
          const event = new InputEvent("beforeinput", more);
          document.querySelector(".editor__words").dispatchEvent(event);
        }"""
    )
    assert lab.html == "<div>onetwo</div>"


def test_words_that_are_composed_stay_whole(lab: Lab, problems: list[str]) -> None:
    """An input method writes over its own words until they are decided; nothing interferes."""
    client = lab.page.context.new_cdp_session(lab.page)
    lab.keys("=a ", "Control+b")
    for text in ("ni", "にほ", "日本"):
        client.send(
            "Input.imeSetComposition",
            {"text": text, "selectionStart": len(text), "selectionEnd": len(text)},
        )
        lab.call("[editor.html, editor.text]")
    client.send("Input.insertText", {"text": "日本"})
    lab.keys("= b")
    assert lab.html == "<div>a <b>日本 b</b></div>"
    assert problems == []


def test_a_click_below_the_signature_writes_above_it(lab: Lab) -> None:
    lab.open(html='<div><br></div><div data-signature="1"><div>Mara</div></div>')
    box = lab.words.bounding_box()
    assert box
    lab.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] + 12)
    lab.page.keyboard.type("Dear Ruth")
    expect(lab.words.locator("[data-signature]")).to_have_text("Mara")
    expect(lab.words.locator(":scope > div").first).to_have_text("Dear Ruth")


def test_right_to_left_words_keep_their_side_on_their_way(lab: Lab) -> None:
    lab.keys("=שלום", "Enter", "=hello")
    assert lab.html == '<div dir="rtl">שלום</div><div>hello</div>'
    sides = lab.page.evaluate(
        """() => [...document.querySelectorAll(".editor__words > div")].map((one) => {
          const words = document.createRange();
          words.selectNodeContents(one);
          const box = one.getBoundingClientRect();
          const at = words.getBoundingClientRect();
          return at.left - box.left > box.right - at.right ? "right" : "left";
        })"""
    )
    assert sides == ["right", "left"]


def test_every_colour_can_be_read_in_the_dark(lab: Lab) -> None:
    """Written, quoted, and on a ground of somebody's choosing; stored as for a white page."""
    colours = (
        "#000000",
        "#1a1a1a",
        "#0000ff",
        "#767676",
        "#b0261f",
        "#596773",
        "#7a5a00",
        "#ffffff",
    )
    own = "".join(f'<div><span style="color:{one}">word</span></div>' for one in colours)
    own += '<table><tr><td style="background-color:#fff3c4;color:#333333">cell</td></tr></table>'
    lab.put(own)
    stored = lab.html
    lab.page.evaluate('() => { document.documentElement.dataset.theme = "dark" }')
    ratios = lab.page.evaluate(
        """() => {
          const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
          const pen = canvas.getContext("2d", { willReadFrequently: true });
          const light = (color) => {
            pen.fillStyle = color;
            pen.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((one) => {
              const part = one / 255;
              return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const page = getComputedStyle(document.querySelector(".editor__words").closest("body"));
          return [...document.querySelectorAll(".editor__words :is(span, td)")].map((one) => {
            const style = getComputedStyle(one);
            const own = style.backgroundColor;
            const ground = light(own === "rgba(0, 0, 0, 0)" ? page.backgroundColor : own);
            const ink = light(style.color);
            return (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
          });
        }"""
    )
    assert len(ratios) == len(colours) + 1
    assert min(ratios) >= 4.5, ratios
    assert lab.html == stored
    assert "light-dark" not in stored
    assert "color: #333333" in stored


def test_every_state_can_be_looked_at(
    page: Page,
    live_server: LiveServer,
    lease: Message,
    problems: list[str],
    shot: Shot,
    no_barriers: Callable[[], None],
) -> None:
    # A colour on its way from one theme to the other would be judged half way.
    page.emulate_media(reduced_motion="reduce")
    page.goto(live_server.url)
    page.locator(f'#list [data-id="{lease.pk}"] .msg__link').click()
    page.get_by_role("link", name="Reply", exact=True).first.click()
    window = page.locator("compose-window")
    words = window.get_by_role("textbox", name="Message")
    expect(words).to_be_focused()
    keys = page.keyboard
    for part in ("Dear Jonas,", "the readings:", ""):
        keys.type(part)
        keys.press("Enter")
    keys.press("Control+Shift+8")
    keys.type("water 4.2")
    keys.press("Enter")
    keys.press("Enter")
    no_barriers()
    shot("editor-written")
    window.get_by_role("button", name="Formatting").click()
    keys.type("see here")
    keys.press("Control+Shift+ArrowLeft")
    shot("editor-toolbar")
    no_barriers()
    for name in ("Size", "Colour of text", "Alignment"):
        window.get_by_role("button", name=name).click()
        shot(f"editor-{name.split()[0].lower()}")
        no_barriers()
        keys.press("Escape")
    words.focus()
    keys.press("Control+k")
    keys.type("not an address")
    keys.press("Enter")
    shot("editor-link-wrong")
    no_barriers()
    window.get_by_label("Address of the link").fill("example.org")
    keys.press("Enter")
    keys.press("ArrowLeft")
    shot("editor-link")
    keys.press("End")
    # Asked in its place, not under the menu; kept, the menu says so.
    plain = window.get_by_label("Plain text", exact=True)
    window.get_by_label("Actions", exact=True).click()
    plain.click()
    asked = window.get_by_role("alertdialog")
    expect(asked).to_be_visible()
    expect(plain).to_be_hidden()
    shot("editor-plain-asked")
    no_barriers()
    keys.press("Escape")
    expect(asked).to_be_hidden()
    expect(plain).not_to_be_checked()
    window.get_by_role("button", name="Show quoted text").click()
    expect(words).to_contain_text("The lease is here")
    shot("editor-quote")
    no_barriers()
    Lab(page, live_server.url).paste(None, None, (("plan.png", "image/png", PNG),))
    picture = words.locator("img[data-cid]")
    expect(picture).to_be_visible()
    picture.click()
    shot("editor-picture")
    no_barriers()
    keys.press("Escape")
    window.get_by_role("button", name="Save and close").click()
    expect(window).to_have_count(0)
    assert problems == []
