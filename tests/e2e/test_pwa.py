"""Tributary as an application of the browser's: few files, at once up to date, read offline."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.e2e.installed import (
    PEOPLE,
    Installed,
    address,
    bring,
    installation,  # noqa: F401 # fixtures are found by their names here
    sign_in,
)
from tests.waiting import wait_until

MARA, OTTO = PEOPLE
SCREENS = (
    "/", "/starred/", "/search/?q=letter", "/compose/", "/outbox/", "/settings/account/",
    "/settings/appearance/", "/settings/notifications/", "/settings/connectivity/",
    "/settings/identities/", "/settings/signatures/", "/settings/templates/",
)  # fmt: skip


LOADED = "() => performance.getEntriesByType('resource').map((one) => one.name)"


def test_the_first_load_is_small_and_every_screen_runs(
    page: Page,
    installation: Installed,  # noqa: F811 # the fixture
    problems: list[str],
) -> None:
    sign_in(page, installation, MARA)
    page.wait_for_load_state("load")
    loaded = {name.partition("?")[0].partition("#")[0] for name in page.evaluate(LOADED)}
    assert len(loaded) + 1 <= 12, sorted(loaded)  # and the page itself
    packed = 0
    for name in loaded:
        if "/static/" in name and name.endswith((".js", ".css")):
            path = Path(installation.data_dir) / "static" / name.partition("/static/")[2]
            packed += len(gzip.compress(path.read_bytes(), 9))
    assert 0 < packed <= 120 * 1024
    for screen in SCREENS:
        page.goto(address(installation, screen))
        expect(page.locator("main").first).to_be_visible()
    assert problems == []


def line(page: Page, name: str) -> Locator:
    """A folder of the tree."""
    return page.locator("#tree").get_by_role("link", name=name, exact=True)


def test_changes_reach_every_window_at_once(
    page: Page,
    installation: Installed,  # noqa: F811 # the fixture
    problems: list[str],
) -> None:
    sign_in(page, installation, MARA)
    # The pages look by themselves every half minute: here they hear, or the test ends first.
    never = "globalThis.setInterval = () => 0;"
    page.add_init_script(never)
    page.reload()
    second = page.context.new_page()
    second.add_init_script(never)
    second.goto(address(installation))
    for one in (page, second):
        expect(one.locator("#list .msg").first).to_be_visible()
    bring(installation, MARA, "News of this minute")
    for one in (page, second):
        expect(one.locator("#list").get_by_text("News of this minute").first).to_be_visible()
    # What becomes of folders as well; who looks at one that is deleted is led elsewhere.
    second.get_by_role("link", name="New folder").click()
    second.get_by_label("Name").fill("Tides")
    second.get_by_role("button", name="Make folder").click()
    line(page, "Tides").click()
    expect(page.get_by_role("heading", name="Tides")).to_be_visible()
    second.get_by_role("link", name="Actions for Tides").click()
    second.get_by_label("Name").fill("Storms")
    second.get_by_role("button", name="Rename").click()
    expect(line(page, "Storms")).to_be_visible()
    expect(page.get_by_role("heading", name="Storms")).to_be_visible()
    second.get_by_role("link", name="Actions for Storms").click()
    second.get_by_role("link", name="Delete this folder").click()
    second.get_by_role("button", name="Delete folder").click()
    expect(page.get_by_text("That is no longer there.")).to_be_visible()
    expect(page.get_by_role("heading", name="All inboxes")).to_be_visible()
    expect(line(page, "Storms")).to_have_count(0)
    # One stream serves both; when its tab goes, the other takes over.
    page.close()
    bring(installation, MARA, "News of the next")
    expect(second.locator("#list").get_by_text("News of the next").first).to_be_visible()
    # The folder that is gone, asked for news; a browser notes that by itself.
    assert [one for one in problems if "404 (Not Found)" not in one] == []


STARTED = """async (path) => {
  await navigator.serviceWorker.register(path);
  const worker = (await navigator.serviceWorker.ready).active;
  while (worker.state !== "activated") {
    await new Promise((done) => worker.addEventListener("statechange", done, { once: true }));
  }
}"""
WORKER = "() => document.documentElement.dataset.worker"


def test_a_page_on_its_way_while_the_worker_starts_is_served_by_it(
    page: Page,
    browser: Browser,
    installation: Installed,  # noqa: F811 # the fixture
) -> None:
    sign_in(page, installation, MARA)
    path = page.evaluate(WORKER)
    context = browser.new_context(storage_state=page.context.storage_state())
    other, late = context.new_page(), context.new_page()
    other.goto(address(installation, path))  # its text, a page without scripts

    def hold(route: Route) -> None:
        other.evaluate(STARTED, path)
        route.continue_()

    late.route(address(installation), hold)
    late.goto(address(installation))
    late.wait_for_function("() => navigator.serviceWorker.controller")
    context.close()


KEPT = """async () => {
  const found = {};
  for (const name of (await caches.keys()).filter((one) => one.startsWith("mail-"))) {
    const keys = await (await caches.open(name)).keys();
    found[name] = keys.map((one) => new URL(one.url).pathname);
  }
  return found;
}"""


def kept(page: Page) -> list[str]:
    """The addresses that the service worker keeps, of whomever."""
    found: dict[str, list[str]] = page.evaluate(KEPT)
    return [path for paths in found.values() for path in paths]


def test_what_was_read_is_there_without_a_network(
    page: Page,
    installation: Installed,  # noqa: F811 # the fixture
    shot: Callable[..., None],
) -> None:
    sign_in(page, installation, MARA)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    session = page.context.new_cdp_session(page)
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A window without a name of its own cannot be installed from; nothing else is wrong.
    assert {one["errorId"] for one in errors} <= {"in-incognito"}
    page.wait_for_function("() => navigator.serviceWorker.controller")
    page.reload()
    page.locator("#list .msg").filter(has_text="Letter 7").first.click()
    words = page.frame_locator("iframe[data-frame]").get_by_text("The words of Letter 7")
    expect(words).to_be_visible()
    wait_until(lambda: any("frame" in one for one in kept(page)), "the message is kept")
    opened = page.url

    page.context.set_offline(True)
    page.goto(address(installation))
    expect(page.locator("#list .msg").first).to_be_visible()
    expect(page.locator(".offline-bar")).to_be_visible()
    shot("offline-list")
    page.locator("#list .msg").filter(has_text="Letter 7").first.click()
    words = page.frame_locator("iframe[data-frame]").get_by_text("The words of Letter 7")
    expect(words).to_be_visible()
    shot("offline-message")
    # What was never loaded as a page of its own leads to the list.
    page.goto(opened)
    expect(page.locator("#list .msg").first).to_be_visible()
    page.goto(address(installation, "/settings/account/"))
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    shot("offline")

    page.goto(address(installation))
    expect(page.locator(".offline-bar")).to_be_visible()
    # What needs the connection says so.
    page.locator("#list .msg__link").first.focus()
    page.keyboard.press("l")
    expect(page.locator(".toast").last).to_contain_text("You are offline.")
    # A page that stands still hears of the connection, too.
    page.context.set_offline(False)
    expect(page.locator(".offline-bar")).to_have_count(0)
    page.locator(".rail__account summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert kept(page) == []


FILL = """async ([messages, lists]) => {
  const [name] = (await caches.keys()).filter((one) => one.startsWith("mail-"));
  const mail = await caches.open(name);
  const headers = { "X-Kept-Bytes": "10" };
  for (let n = 1; n <= messages; n += 1) {
    await mail.put(`/message/${900_000 + n}/?kept-part=read`, new Response("kept", { headers }));
  }
  for (let n = 1; n <= lists; n += 1) {
    await mail.put(`/?before=${n}&kept-part=rows`, new Response("kept", { headers }));
  }
  for (let n = 0; n < 20; n += 1) await (await fetch("/starred/", { mode: "same-origin" })).text();
}"""
RENEW = """() => {
  self.old = true;
  navigator.serviceWorker.register(document.documentElement.dataset.worker + "?new");
}"""


def kept_messages(page: Page) -> set[str]:
    return {one for one in kept(page) if one.startswith("/message/9")}


def test_the_worker_keeps_within_bounds_and_gives_way_to_a_new_one(
    page: Page,
    installation: Installed,  # noqa: F811 # the fixture
    problems: list[str],
) -> None:
    sign_in(page, installation, MARA)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("() => navigator.serviceWorker.controller")
    page.reload()
    wait_until(lambda: kept(page), "the list is kept")
    page.evaluate(FILL, [230, 80])
    wait_until(lambda: len(kept_messages(page)) <= 200, "the oldest messages go")
    wait_until(lambda: kept(page).count("/") <= 60, "the oldest lists go")
    # Those that were read last stay.
    assert {"/message/900001/", "/message/900230/"} & kept_messages(page) == {"/message/900230/"}
    # A new version is offered, and taken when its reader says so.
    page.evaluate(RENEW)
    expect(page.get_by_text("A new version is ready.")).to_be_visible()
    assert page.evaluate("() => self.old")
    page.get_by_role("link", name="Reload").click()
    page.wait_for_function("() => !self.old")
    expect(page.locator("#list .msg").first).to_be_visible()
    assert problems == []


def test_nothing_is_kept_for_anybody_else(
    page: Page,
    installation: Installed,  # noqa: F811 # the fixture
) -> None:
    sign_in(page, installation, MARA)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    wait_until(lambda: kept(page), "the list is kept")
    mine = page.evaluate(KEPT)
    # Another one signs in without the first having signed out.
    page.context.clear_cookies()
    sign_in(page, installation, OTTO)
    wait_until(lambda: kept(page), "the list of the other is kept")
    assert not set(page.evaluate(KEPT)) & set(mine)
    # And who does not stay signed in leaves nothing at all.
    page.context.clear_cookies()
    sign_in(page, installation, MARA, remember=False)
    wait_until(lambda: not kept(page), "nothing is kept")
    page.reload()
    expect(page.locator("#list .msg").first).to_be_visible()
    assert kept(page) == []
