"""Attack strings in the editor of a real browser: nothing runs, nothing leaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserType
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.e2e.conftest import FLAGS
from tests.e2e.editor import Lab
from tests.e2e.sensor import Sensor
from tests.e2e.test_hostile import Watched, batches, chosen, enter

pytestmark = pytest.mark.django_db(transaction=True)
# Every way into the editor, and what stands there after each that must not.
ATTACK = """given.flatMap((text) => {
  const root = editor.words._root;
  const places = { href: /^(?:https?:|mailto:|tel:)/i };
  places.src = /^(?:blob:|data:image\\/(?:png|jpeg|gif|webp);|\\/(?!\\/))/i;
  const left = () => [...root.querySelectorAll("*")].flatMap((one) => [
    ...[...one.attributes].filter(({ name, value }) =>
      name.startsWith("on") || (places[name] && !places[name].test(value)) ||
      ["srcset", "background", "formaction", "xlink:href", "poster", "ping"].includes(name) ||
      (name === "style" && /url\\(|image/i.test(value))),
  ].map(({ name, value }) => [text, one.localName, name, value])).concat(
    [...root.querySelectorAll("script, iframe, object, embed, style, link, meta, base, form, svg")]
      .map((one) => [text, one.localName]));
  const found = [];
  const look = () => { found.push(...left()); };
  editor.restore({ html: text, mode: "html" });
  look();
  editor.html; editor.text;
  editor.restore({ html: `<div>a</div><div data-quote="">${text}</div>`, mode: "html" });
  if (editor.folded) editor.unfold();
  look();
  editor.words.undo();
  editor.words.redo();
  look();
  editor.words.insertHTML(text, true);
  look();
  const copied = editor.words._config.willCutCopy(root.innerHTML);
  editor.restore({ html: editor.html, mode: "html" });
  editor.insertHtml(copied);
  look();
  return found;
})"""


@pytest.fixture
def sensor() -> Iterator[Sensor]:
    made = Sensor()
    yield made
    made.close()


@pytest.fixture
def trapped(browser_type: BrowserType, sensor: Sensor) -> Iterator[Browser]:
    """A browser none of whose connections leaves this machine."""
    local = "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"
    args = [*FLAGS, sensor.rules, local]
    browser = browser_type.launch(executable_path="/usr/bin/chromium", args=args)
    yield browser
    browser.close()


def test_hostile_letters_run_and_load_nothing(
    trapped: Browser, sensor: Sensor, live_server: LiveServer, user: User
) -> None:
    """As a stored draft the server did not clean, as a quote unfolded, pasted, cut, undone."""
    watched = Watched(trapped)
    site = enter(watched, live_server, user)
    lab = Lab(watched.page, site, is_watched=False)
    lab.open()
    for texts in batches(chosen()):
        left = lab.call(ATTACK, *texts)
        assert left == []
        assert lab.page.url == f"{site}/lab/", texts
    lab.page.wait_for_timeout(250)
    assert watched.fired == []
    assert sensor.foreign() == []
