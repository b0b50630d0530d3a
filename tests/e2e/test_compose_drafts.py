"""Nothing written is lost: two tabs on one draft, a lost line, a crash, several windows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from smtp_accounts.models import Draft
from tests.e2e.writing import to_field, words
from tests.waiting import wait_until
from tests.webmail.samples import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)

Shot = Callable[..., None]
Check = Callable[[], None]
SAVED = 15_000


def opened(page: Page, live_server: LiveServer, subject: str) -> Locator:
    """A window with a subject, stored."""
    page.goto(live_server.url)
    page.keyboard.press("c")
    window = page.locator("compose-window")
    window.get_by_label("Subject").fill(subject)
    expect(window.locator("[data-status]")).to_contain_text("Saved", timeout=SAVED)
    return window


# What a page asks for while it goes away is past what Playwright holds up.
SILENT = """{
  navigator.sendBeacon = () => false;
  const real = window.fetch;
  const isLast = (url) => document.visibilityState === "hidden" && String(url).includes("/save/");
  window.fetch = (url, ...rest) =>
    isLast(url) ? Promise.reject(new TypeError("cut off")) : real(url, ...rest);
}"""


def cut_off(page: Page) -> None:
    """Nothing that is saved arrives, not even the last words of a page that goes away."""
    page.add_init_script(SILENT)
    page.evaluate(f"() => {{ {SILENT} }}")
    page.route("**/save/", lambda route: route.abort())


def test_two_tabs_on_one_draft_lose_neither_version(
    page: Page,
    context: BrowserContext,
    live_server: LiveServer,
    mailbox: Mailbox,
    shot: Shot,
    no_barriers: Check,
) -> None:
    here = opened(page, live_server, "Contract")
    key = Draft.objects.get().key
    other = context.new_page()
    other.goto(f"{live_server.url}/compose/{key}/")
    there = other.locator("compose-window")
    words(there).fill("Written in the second tab.")
    # The first tab learns of it, but takes nothing away from where somebody may be writing.
    expect(here.get_by_text("This draft was just changed in another window.")).to_be_visible(
        timeout=SAVED
    )
    words(here).fill("Written in the first tab.")
    expect(here.get_by_text("This draft was changed in another window.")).to_be_visible(
        timeout=SAVED
    )
    expect(here.locator("[data-mine]")).to_contain_text("Written in the first tab.")
    expect(here.locator("[data-theirs]")).to_contain_text("Written in the second tab.")
    shot("draft-conflict")
    no_barriers()
    here.get_by_role("button", name="Keep this one").click()
    expect(here.locator("[data-note]")).to_have_count(0)
    expect(here.locator("[data-status]")).to_contain_text("Saved", timeout=SAVED)
    texts = {one.key: one.body.strip() for one in Draft.objects.open()}
    assert texts.pop(key) == "Written in the first tab."
    assert list(texts.values()) == ["Written in the second tab."]
    # The second tab is told, and takes the other version over when asked.
    expect(there.get_by_text("This draft was just changed in another window.")).to_be_visible()
    there.get_by_role("button", name="Show that version").click()
    expect(words(there)).to_contain_text("Written in the first tab.")
    assert Draft.objects.open().count() == 2


def test_the_other_version_is_taken_and_ones_own_is_kept(
    page: Page, live_server: LiveServer, mailbox: Mailbox
) -> None:
    window = opened(page, live_server, "Contract")
    window.locator("input[name=files]").set_input_files(
        [FilePayload(name="Plan.pdf", mimeType="application/pdf", buffer=b"plan")]
    )
    expect(window.locator(".file .help")).to_contain_text("attached")
    version = Draft.objects.get().version
    Draft.objects.update(subject="Changed", body="Theirs.", version=version + 1)
    to_field(window).fill("ruth@okafor.test,")
    words(window).fill("Mine.")
    window.get_by_role("button", name="Take that one").click(timeout=SAVED)
    expect(window.get_by_label("Subject")).to_have_value("Changed")
    # It has no formatting, so it is shown as the plain text it is.
    expect(window.locator("textarea[name=body]")).to_have_value("Theirs.")
    kept = {one.body.strip(): one for one in Draft.objects.open()}
    assert set(kept) == {"Theirs.", "Mine."}
    assert kept["Mine."].to == "ruth@okafor.test"
    for one in kept.values():
        assert [file.filename for file in one.attachments.all()] == ["Plan.pdf"]


def test_a_glance_at_another_tab_is_no_other_version(
    page: Page, live_server: LiveServer, mailbox: Mailbox
) -> None:
    """The words are saved as the tab is hidden; whoever is back at once writes on."""
    window = opened(page, live_server, "A glance")
    words(window).fill("Before.")
    with page.expect_response("**/save/"):
        page.evaluate(
            """() => {
                const hidden = { value: "hidden", configurable: true };
                Object.defineProperty(document, "visibilityState", hidden);
                document.dispatchEvent(new Event("visibilitychange"));
                delete document.visibilityState;
            }"""
        )
    words(window).fill("Before and after.")
    # The first save says "Saved" too, so the row is what tells.
    wait_until(lambda: Draft.objects.get().body.strip() == "Before and after.", "it is saved")
    assert window.get_by_text("was changed in another window").count() == 0


def test_what_was_sent_in_another_tab_is_not_written_on(
    page: Page, context: BrowserContext, live_server: LiveServer, mailbox: Mailbox
) -> None:
    window = opened(page, live_server, "For mara")
    other = context.new_page()
    other.goto(f"{live_server.url}/compose/{Draft.objects.get().key}/")
    there = other.locator("compose-window")
    there.get_by_role("combobox", name="To", exact=True).fill("mara@example.test,")
    there.get_by_role("button", name="Send", exact=True).click()
    other.wait_for_url("**/outbox/")
    expect(window.get_by_text("has already been sent from another window")).to_be_visible()


def test_offline_is_said_and_what_is_written_is_kept(
    page: Page,
    context: BrowserContext,
    live_server: LiveServer,
    mailbox: Mailbox,
    shot: Shot,
) -> None:
    window = opened(page, live_server, "On a train")
    context.set_offline(True)
    words(window).fill("In the tunnel.")
    status = window.locator("[data-status]")
    expect(status).to_have_text("Offline: kept in this browser", timeout=SAVED)
    window.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("You are offline. The message is not sent")).to_be_visible()
    shot("draft-offline")
    assert Draft.objects.get().body == ""
    context.set_offline(False)
    expect(status).to_contain_text("Saved", timeout=SAVED)
    assert Draft.objects.get().body.strip() == "In the tunnel."
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_windows_and_words_come_back_after_a_crash(
    page: Page,
    context: BrowserContext,
    live_server: LiveServer,
    mailbox: Mailbox,
    shot: Shot,
    no_barriers: Check,
) -> None:
    """The server never got the words; the tab is reloaded, and later the browser is closed."""
    cut_off(page)
    page.goto(live_server.url)
    page.keyboard.press("c")
    window = page.locator("compose-window")
    window.get_by_role("combobox", name="To", exact=True).fill('"Okafor, Ruth" <ruth@ok.test>,')
    window.get_by_label("Subject").fill("Half a thought")
    words(window).fill("Not yet stored.")
    page.wait_for_function("() => JSON.stringify(localStorage).includes('Not yet stored')")
    page.reload()
    expect(window.get_by_label("Subject")).to_have_value("Half a thought")
    expect(words(window)).to_contain_text("Not yet stored.")
    expect(window.locator(".chip [data-name]")).to_have_text(["Okafor, Ruth"])
    assert not Draft.objects.exists()
    page.close()
    later = context.new_page()
    later.goto(live_server.url)
    bar = later.locator(".kept-bar")
    expect(bar).to_contain_text("Half a thought")
    later.screenshot(path="var/screenshots/draft-kept-1440-light.png")
    bar.get_by_role("button", name="Open it").click()
    back = later.locator("compose-window")
    expect(words(back)).to_contain_text("Not yet stored.")
    expect(back.locator("[data-status]")).to_contain_text("Saved", timeout=SAVED)
    assert Draft.objects.get().body.strip() == "Not yet stored."
    assert later.evaluate("Object.keys(localStorage).length") == 0


def test_words_kept_here_are_offered_over_what_the_server_has(
    page: Page, live_server: LiveServer, mailbox: Mailbox, shot: Shot, no_barriers: Check
) -> None:
    window = opened(page, live_server, "Contract")
    cut_off(page)
    words(window).fill("Only here.")
    page.wait_for_function("() => JSON.stringify(localStorage).includes('Only here')")
    page.reload()
    expect(window.get_by_text("that were not saved are kept in this browser")).to_be_visible()
    expect(words(window)).not_to_contain_text("Only here.")
    shot("draft-found")
    no_barriers()
    page.unroute("**/save/")
    window.get_by_role("button", name="Bring them back").click()
    expect(words(window)).to_contain_text("Only here.")
    expect(window.locator("[data-status]")).to_contain_text("Saved", timeout=SAVED)
    assert Draft.objects.get().body.strip() == "Only here."


def test_signing_out_takes_the_words_along(
    page: Page, live_server: LiveServer, mailbox: Mailbox
) -> None:
    page.route("**/save/", lambda route: route.abort())
    page.goto(live_server.url)
    page.keyboard.press("c")
    page.locator("compose-window").get_by_label("Subject").fill("Private")
    page.wait_for_function("() => JSON.stringify(localStorage).includes('Private')")
    page.locator(".rail__account summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")
    assert "Private" not in page.evaluate("JSON.stringify(localStorage)")


def test_three_windows_stand_side_by_side(
    page: Page, live_server: LiveServer, mailbox: Mailbox, shot: Shot, no_barriers: Check
) -> None:
    page.goto(live_server.url)
    windows = page.locator("compose-window")
    for number, subject in enumerate(("One", "Two", "Three"), 1):
        page.locator("#main").focus()
        page.keyboard.press("c")
        expect(windows).to_have_count(number)
        windows.last.get_by_label("Subject").fill(subject)
    expect(page.locator("compose-window.compose--min")).to_have_count(2)
    shot("window-three")
    no_barriers()
    # One more: the oldest is saved and put away, not lost.
    page.locator("#main").focus()
    page.keyboard.press("c")
    expect(windows.locator("[data-title]")).to_have_text(["Two", "Three", "New message"])
    expect(windows.last.get_by_role("combobox", name="To", exact=True)).to_be_focused()
    wait_until(Draft.objects.filter(subject="One").exists, "the window that was put away is saved")
    windows.first.locator("[data-title]").click()
    expect(windows.first.get_by_role("combobox", name="To", exact=True)).to_be_focused()
    windows.first.get_by_role("button", name="Full screen").click()
    shot("window-full")
    windows.first.get_by_role("button", name="Minimise").click()
    expect(windows.first).to_have_class("compose compose--min")
    expect(windows.locator("[data-status]").last).to_be_attached()
    # All of them that hold something are there again after a reload, folded as they were.
    windows.nth(1).locator("[data-title]").click()
    expect(windows.nth(1).locator("[data-status]")).to_contain_text("Saved", timeout=SAVED)
    page.reload()
    expect(windows.locator("[data-title]")).to_have_text(["Two", "Three"])
    expect(windows.first).to_have_class("compose compose--min")


def test_a_page_of_its_own_is_come_back_to(
    page: Page, live_server: LiveServer, mailbox: Mailbox
) -> None:
    """Reloaded, left and come back to: one message; once it is discarded, a blank one."""
    page.goto(f"{live_server.url}/compose/?to=ruth@harbourline.test")
    window = page.locator("compose-window")
    words(window).press_sequentially("Dear Ruth")
    page.reload()
    expect(words(window)).to_contain_text("Dear Ruth")
    words(window).press("Control+End")
    page.keyboard.type(", at last")
    page.goto(live_server.url)
    page.go_back()
    expect(words(window)).to_contain_text("Dear Ruth, at last")
    expect(window.get_by_text("ruth@harbourline.test")).to_be_visible()
    assert Draft.objects.count() == 1
    window.get_by_role("button", name="Discard").click()
    page.wait_for_url(f"{live_server.url}/")
    page.go_back()
    expect(words(window)).to_have_text("")
    words(window).press_sequentially("Another one")
    wait_until(lambda: Draft.objects.open().count() == 1, "the other one is stored")
    assert "Another one" in Draft.objects.open().get().body
    assert Draft.objects.count() == 2
