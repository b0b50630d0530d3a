"""A real browser against the running site."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.reauthentication import PROVED
from tests.e2e.writing import (  # noqa: F401 # fixtures are found by their names here
    known_people,
    signing,
    writer_account,
)
from tests.waiting import wait_until
from tests.webmail.samples import Mailbox, fill

# Playwright keeps an event loop in the main thread; Django would refuse the database there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

# How long a page may take to become what is expected, on a machine that has other work too.
expect.set_options(timeout=60_000)

SHOTS = Path(__file__).resolve().parent.parent.parent / "var" / "screenshots"
#: Four photographs a screen are a good part of a run's time, and of CI's nobody sees any.
TAKES_SHOTS = os.environ.get("CI") != "true"
WIDE, TABLET, PHONE = (1440, 900), (900, 900), (390, 844)
SHELL = "/usr/bin/chromium-headless-shell"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# Colours on their way from one theme to the other are nobody's.
SETTLED = """() => Promise.race([
    Promise.allSettled(
        document.getAnimations().filter((one) => one instanceof CSSTransition)
            .map((one) => one.finished)),
    new Promise((done) => setTimeout(done, 3000)),
])"""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium instead of a downloaded one, without the parts that draw its windows."""
    return {**browser_type_launch_args, "executable_path": SHELL, "args": [*FLAGS]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A laptop screen and European settings, unless a test says otherwise."""
    size = {"width": WIDE[0], "height": WIDE[1]}
    return {**browser_context_args, "viewport": size, "locale": "en-GB"}


#: A page is drawn before its scripts have begun (`static/js/wake.js`), faster than anybody presses
#: anything, but not faster than a test. What is pressed before goes the way without scripts.
AWAKE = """() => matchMedia("(scripting: none)").matches
    || !document.querySelector("link[data-wake]")"""


def _wait_until_awake_after(name: str) -> None:
    """Have that way to a page end when its scripts have begun, unless it ends earlier anyway."""
    plain = getattr(Page, name)

    @wraps(plain)
    def patient(self: Page, *args: Any, **options: Any) -> Any:
        answer = plain(self, *args, **options)
        if "wait_until" not in options:
            self.wait_for_function(AWAKE)
        return answer

    setattr(Page, name, patient)


def _wait_until_awake(page: Page) -> None:
    page.wait_for_load_state("domcontentloaded")
    page.wait_for_function(AWAKE)


def _wait_until_awake_before(name: str) -> None:
    """Have that act wait for the scripts of the page it finds itself on, which a link led to."""
    plain = getattr(Locator, name)

    @wraps(plain)
    def patient(self: Locator, *args: Any, **options: Any) -> Any:
        self.wait_for(state="attached")
        _wait_until_awake(self.page)
        return plain(self, *args, **options)

    setattr(Locator, name, patient)


def _wait_until_awake_with(name: str) -> None:
    """Have keys and mouse taken up only when the scripts of the page have begun."""
    plain = getattr(Page, name)

    def patient(self: Page) -> Any:
        _wait_until_awake(self)
        return plain.fget(self)

    setattr(Page, name, property(patient, doc=plain.__doc__))


for _name in ("goto", "reload", "go_back", "go_forward"):
    _wait_until_awake_after(_name)
for _name in (
    *("click", "dblclick", "tap", "hover", "drag_to", "focus", "press", "press_sequentially"),
    *("fill", "clear", "check", "uncheck", "select_option", "set_input_files"),
):
    _wait_until_awake_before(_name)
for _name in ("keyboard", "mouse"):
    _wait_until_awake_with(_name)


def sign_in(context: BrowserContext, live_server: LiveServer, person: User) -> None:
    """Sign a person in without the form."""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[PROVED] = int(time.time())
    session.save()
    name = settings.SESSION_COOKIE_NAME
    value = client.cookies[name].value
    context.add_cookies([{"name": name, "value": value, "url": live_server.url}])


class Answering:
    """How many requests the server is at."""

    def __init__(self) -> None:
        self.count = 0
        self.lock = threading.Lock()

    def begun(self, **kwargs: object) -> None:
        with self.lock:
            self.count += 1

    def ended(self, **kwargs: object) -> None:
        with self.lock:
            self.count -= 1


@pytest.fixture(autouse=True)
def over(transactional_db: None, context: BrowserContext) -> Iterator[None]:
    """A test ends with its last request: a window that goes away saves what is written in it."""
    server = Answering()
    request_started.connect(server.begun)
    request_finished.connect(server.ended)
    try:
        yield
        for page in context.pages:
            page.close()
        context.add_init_script("")  # a word with the browser, which has sent what it had to send
        wait_until(lambda: server.count <= 0, "the last request is answered")
    finally:
        request_started.disconnect(server.begun)
        request_finished.disconnect(server.ended)


@pytest.fixture
def enter(context: BrowserContext, live_server: LiveServer) -> Callable[[User], None]:
    """Sign a person in to the page of the test."""
    return lambda person: sign_in(context, live_server, person)


@pytest.fixture
def settings_page(
    page: Page, live_server: LiveServer, user: User, enter: Callable[[User], None]
) -> Callable[[], None]:
    """Open Settings, Connectivity as a signed-in person does."""
    enter(user)

    def go() -> None:
        page.goto(live_server.url + reverse("settings"))
        page.get_by_role("link", name="Connectivity").click()
        expect(page.get_by_role("heading", name="Connectivity")).to_be_visible()

    return go


@pytest.fixture
def shot(page: Page) -> Callable[..., None]:
    """Photograph the page in both themes at several widths: var/screenshots/NAME-WIDTH-THEME."""

    def take(name: str, sizes: tuple[tuple[int, int], ...] = (WIDE, PHONE)) -> None:
        if not TAKES_SHOTS:
            return
        SHOTS.mkdir(parents=True, exist_ok=True)
        before = page.viewport_size
        for theme in ("light", "dark"):
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            for width, height in sizes:
                page.set_viewport_size({"width": width, "height": height})
                page.wait_for_timeout(150)
                page.screenshot(path=SHOTS / f"{name}-{width}-{theme}.png")
        page.evaluate("() => { delete document.documentElement.dataset.theme }")
        if before:
            page.set_viewport_size(before)

    return take


@pytest.fixture
def no_barriers(page: Page) -> Callable[[], None]:
    """Fail where axe finds anything serious or critical on the page as it is now."""

    def check() -> None:
        page.evaluate(SETTLED)
        # Without fetching style sheets again, which would be asked for under the wrong address, and
        # without a list of all that is well.
        options = {"preload": False, "resultTypes": ["violations"]}
        found = Axe().run(page, options=options).response["violations"]
        bad = [
            f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
            for one in found
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"]
        ]
        assert not bad, "\n".join(bad)

    return check


@pytest.fixture
def problems(page: Page) -> list[str]:
    """What the page complains about: script errors and refused content."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(f"error: {error}"))
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    return found


@pytest.fixture
def mailbox(live_server: LiveServer, user: User, enter: Callable[[User], None]) -> Mailbox:
    """A lived-in mailbox, its owner signed in."""
    enter(user)
    return fill(user, timezone.now())
