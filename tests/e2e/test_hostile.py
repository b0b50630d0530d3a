"""Attack strings in the real frame of a real browser: nothing runs, nothing leaves."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserType, Dialog, Page, Route
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore import mime, sanitise
from mailstore.services import folders
from mailstore.trackers import Trackers
from tests import mail
from tests.e2e.conftest import FLAGS
from tests.e2e.sensor import Sensor
from tests.waiting import wait_until
from webmail.mail_headers import SCRIPTED_SANDBOX

pytestmark = pytest.mark.django_db(transaction=True)

#: Every how-manieth attack string and message is tried; `make hostile` tries all of them.
EVERY = int(os.environ.get("HOSTILE_EVERY", "8"))
#: So many at once that a slow machine loads them well within the patience of `Watched.show`.
FRAMES = 30
T = TypeVar("T")
# Whatever an attack calls to show itself is made to report instead of stopping the page.
REPORT = """
for (const name of ["alert", "confirm", "prompt", "print", "open"]) {
  window[name] = () => { console.log("FIRED " + name); return ""; };
}
"""


@pytest.fixture(autouse=True)
def nothing_kept(settings: Settings, tmp_path: Path) -> None:
    """What another test cleaned is not what this one is to show."""
    settings.DATA_DIR = tmp_path


@pytest.fixture
def sensor() -> Iterator[Sensor]:
    made = Sensor()
    yield made
    made.close()


@pytest.fixture
def trapped(browser_type: BrowserType, sensor: Sensor) -> Iterator[Browser]:
    """A browser none of whose connections leaves this machine."""
    # Foreign names lead to loopback here; the browser's own objection to that must not help.
    local = "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"
    args = [*FLAGS, sensor.rules, local]
    browser = browser_type.launch(executable_path="/usr/bin/chromium", args=args)
    yield browser
    browser.close()


def enter(watched: Watched, live_server: LiveServer, user: User) -> str:
    """Sign in without the form; the address of the site by the one name the trap lets through."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    name = settings.SESSION_COOKIE_NAME
    site = live_server.url.replace("127.0.0.1", "localhost")
    watched.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])
    return site


class Watched:
    """A page, and whether anything ran in it or took it elsewhere."""

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context()
        self.context.add_init_script(REPORT)
        self.page: Page = self.context.new_page()
        self.fired: list[str] = []
        self.page.on("console", lambda line: self._heard(line.text))
        self.page.on("dialog", self._asked)
        self.context.on("page", lambda page: self.fired.append(f"new page {page.url}"))

    def _asked(self, dialog: Dialog) -> None:
        self.fired.append("dialog")
        dialog.dismiss()

    def _heard(self, text: str) -> None:
        if text.startswith("FIRED"):
            self.fired.append(text)

    def show(
        self, start: str, sources: Sequence[str], sandbox: str | None, patience: int = 5
    ) -> None:
        """Load addresses in frames of the page at ``start`` and give them time to do harm.

        ``patience`` is in seconds, for frames that an attack keeps from ever being loaded.
        """
        self.page.goto(start)
        self.page.evaluate(
            """async ([sources, sandbox, patience]) => {
              const loads = sources.map((source) => new Promise((done) => {
                const frame = document.createElement("iframe");
                if (sandbox !== null) frame.setAttribute("sandbox", sandbox);
                frame.onload = done;
                setTimeout(done, patience * 1000);
                frame.src = source;
                document.body.append(frame);
              }));
              await Promise.all(loads);
            }""",
            [sources, sandbox, patience],
        )
        self.page.wait_for_timeout(250)
        if self.page.url != start:
            self.fired.append(f"went to {self.page.url}")


def chosen() -> list[str]:
    return [text for _name, text in mail.vectors() if text.strip()][::EVERY]


def batches(texts: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(texts), FRAMES):
        yield texts[start : start + FRAMES]


def written() -> list[tuple[str, bytes]]:
    """The messages and pages of the corpus that have HTML, as messages."""
    found = [(name, raw) for name, raw in mail.messages() if b"html" in raw.lower()]
    found += [(name, html_mail(text)) for name, text in mail.pages()]
    return [(name, raw) for name, raw in found if mime.parse(raw).html]


def html_mail(html: str) -> bytes:
    head = "From: a@evil.test\r\nSubject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    return (head + html).encode("utf-8", "replace")


@pytest.mark.long
def test_the_whole_chain(
    trapped: Browser, sensor: Sensor, live_server: LiveServer, user: User
) -> None:
    """Stored, parsed, cleaned and shown in the sandboxed frame, as the reading pane does it:
    attack strings, and all HTML of the corpus. The script that runs there is ours alone."""
    watched = Watched(trapped)
    site = enter(watched, live_server, user)
    inbox = folders.special(user, "inbox")
    raws = [html_mail(text) for text in chosen()] + [raw for _name, raw in written()[::EVERY]]
    for batch in batches(raws):
        filed = mail.put(inbox, *batch)
        frames = [f"{site}/message/{one.pk}/frame/" for one in filed]
        watched.show(f"{site}/keyboard/", frames, SCRIPTED_SANDBOX, 60)
        at = {frame.url for frame in watched.page.frames[1:]}
        assert at == set(frames)
    assert watched.fired == []
    assert sensor.foreign() == []


def unprotected(trapped: Browser, texts: Sequence[str]) -> Watched:
    """Show strings as pages without sandbox and without any policy."""
    watched = Watched(trapped)
    pages: list[str] = []

    def answer(route: Route) -> None:
        number = route.request.url.rpartition("/")[2]
        text = pages[int(number)] if number.isdecimal() and int(number) < len(pages) else ""
        body = f"<!doctype html><meta charset=utf-8><body>{text}"
        route.fulfill(content_type="text/html", body=body)

    site = "http://localhost:9099"
    watched.context.route(f"{site}/**", answer)
    for batch in batches(texts):
        pages[:] = ["", *batch]
        frames = [f"{site}/{number}" for number in range(1, len(pages))]
        watched.show(f"{site}/0", frames, None)
    return watched


def test_the_cleaning_alone(trapped: Browser, sensor: Sensor) -> None:
    """Without sandbox and policy the cleaned HTML runs nothing and asks nobody."""
    watched = unprotected(trapped, [sanitise.clean(text).html for text in chosen()])
    assert watched.fired == []
    assert sensor.foreign() == []


def test_the_sensors_do_fire(trapped: Browser, sensor: Sensor) -> None:
    """The control: the same strings unprotected do run, and connections are seen, TLS included."""
    texts = [text for text in chosen() if "<" in text]
    texts = texts[:: max(1, len(texts) // 240)]
    control = [
        "<script>alert(1)</script>",
        "<img src='http://one.evil.test:8080/a.gif'>",
        "<img src='https://two.evil.test/b.gif'>",
    ]
    # Alone, for some of the others take the page away from all that are on it.
    assert unprotected(trapped, control).fired
    watched = unprotected(trapped, texts)
    assert len(watched.fired) >= 0.05 * len(texts), json.dumps(watched.fired)
    assert {"one.evil.test:8080", "two.evil.test"} <= set(sensor.foreign())
    # A preconnect says nothing before it is used; the connection itself is what is counted.
    socket.create_connection(("127.0.0.1", sensor.port)).close()
    wait_until(lambda: "silent" in sensor.foreign(), "a connection without a word is seen")


def test_layers_below_the_cleaning(
    trapped: Browser,
    sensor: Sensor,
    live_server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
    user: User,
) -> None:
    """With the cleaning switched off, sandbox and policy alone still let nothing run."""

    def unclean(html: str, **_more: object) -> sanitise.CleanHtml:
        return sanitise.CleanHtml(html, 0)

    monkeypatch.setattr(sanitise, "clean", unclean)
    watched = Watched(trapped)
    site = enter(watched, live_server, user)
    inbox = folders.special(user, "inbox")
    for texts in batches(chosen()[::3]):
        filed = mail.put(inbox, *[html_mail(text) for text in texts])
        frames = [f"{site}/message/{one.pk}/frame/" for one in filed]
        watched.show(f"{site}/keyboard/", frames, SCRIPTED_SANDBOX, 60)
    assert watched.fired == []


def test_the_opaque_origin_alone(trapped: Browser) -> None:
    """With cleaning and policy for scripts both gone, what runs reaches nothing of ours."""
    site = "http://localhost:9099"
    attack = """<script>
      const got = {};
      for (const [name, ask] of Object.entries({
        page: () => parent.document.title, cookie: () => document.cookie,
        kept: () => localStorage.length, above: () => frameElement.id, origin: () => origin,
      })) try { got[name] = String(ask()); } catch { got[name] = "refused"; }
      try { top.location = "about:blank#taken"; got.moved = "tried"; }
      catch { got.moved = "refused"; }
      parent.postMessage(got, "*");
    </script>"""

    def answer(route: Route) -> None:
        if route.request.url.endswith("/frame"):
            policy = f"sandbox {SCRIPTED_SANDBOX}; default-src 'none'; script-src 'unsafe-inline'"
            route.fulfill(
                content_type="text/html", body=attack, headers={"Content-Security-Policy": policy}
            )
        else:
            page = f"<title>Ours</title><iframe sandbox='{SCRIPTED_SANDBOX}'></iframe>"
            route.fulfill(
                content_type="text/html", body=page, headers={"Set-Cookie": "session=secret"}
            )

    context = trapped.new_context()
    page = context.new_page()
    page.route(f"{site}/**", answer)
    page.goto(site)
    said = page.evaluate(
        """() => new Promise((done) => {
          addEventListener("message", ({ data, origin }) => done({ ...data, origin }));
          document.querySelector("iframe").src = "/frame";
        })"""
    )
    refused = {"page", "cookie", "kept", "above", "moved"}
    assert {name: said[name] for name in refused} == dict.fromkeys(refused, "refused")
    assert said["origin"] == "null"
    assert page.url == f"{site}/"


READ = """([dropped, pairs]) => pairs.map(([source, cleaned]) => {
  const words = (html, isSource) => {
    const tree = new DOMParser().parseFromString(html, "text/html").body;
    for (const one of tree.querySelectorAll(isSource ? dropped : "style")) one.remove();
    return tree.textContent.replace(/[\\s\\u0000-\\u001f\\u007f-\\u009f]+/g, "");
  };
  const [wanted, got] = [words(source, true), words(cleaned, false)];
  return wanted === got ? "" : `${wanted.slice(0, 200)} is shown as ${got.slice(0, 200)}`;
})"""


def test_the_words_are_those_a_browser_reads(trapped: Browser) -> None:
    """The text of each page and message is what Chromium's own parser finds in the original."""
    page = trapped.new_context().new_page()
    page.goto("about:blank")
    dropped = ", ".join(sanitise.DROPPED)
    found = [(name, mime.parse(raw).html) for name, raw in written()[::EVERY]]
    for batch in batches(found):
        pairs = [(html, sanitise.clean(html, edits=[Trackers()]).html) for _name, html in batch]
        said = page.evaluate(READ, [dropped, pairs])
        wrong = [(name, one) for (name, _html), one in zip(batch, said, strict=True) if one]
        assert not wrong
