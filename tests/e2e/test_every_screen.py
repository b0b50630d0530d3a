"""Every screen there is, as the routes say: nothing keeps anybody out, in either theme; at 200 %
and at 400 % zoom nothing is lost, whichever way one reads; and nothing moves for whom that is not.

What scripts unfold on a screen is looked at by the tests of that screen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, Route
from pytest_django.live_server_helper import LiveServer

from accounts.callers import Caller
from accounts.models import Outcome, Protocol, Role, User
from accounts.reauthentication import PROVED
from accounts.services import sign_ins
from tests.security.test_routes import (
    SIGNED,
    Arguments,
    belongings,  # noqa: F401 # fixtures are found by their names here
    routes,
)
from tests.webmail.samples import Mailbox, fill

pytestmark = pytest.mark.django_db(transaction=True)

#: Mail and signatures are others' documents; they stand in frames of our screens.
THEIRS: Final = {
    "mail-frame",
    "mail-frame-blank",
    "mail-attachment-frame",
    "signature-preview",
    "sign-out",
}
#: What no address leads to.
SAID: Final = (
    *("400", "403", "403_csrf", "404", "413", "429", "500", "503", "accounts/locked"),
    *("accounts/recovery_over", "accounts/recovery_later"),
)
#: 1440 x 900 at 200 %, and what has to reflow (WCAG 2.2, 1.4.10).
SIZES: Final = ((720, 450), (320, 568))

AXE: Final = """async ({only, scheme}) => {
    const found = await axe.run(
        {preload: false, iframes: false, resultTypes: ["violations"], ...only});
    return found.violations.filter((one) => ["serious", "critical"].includes(one.impact))
        .flatMap((one) => one.nodes.map((node) =>
            `${scheme} ${one.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`));
}"""
#: A page that scrolls sideways, and controls of which something lies outside of the window or of
#: what cuts them off, with no way to scroll there.
LOST: Final = """(size) => {
    const scrolls = (one, way) => ["auto", "scroll"].includes(getComputedStyle(one)[way]);
    const out = (one) => {
        const box = one.getBoundingClientRect();
        let across = true, down = true;
        for (let up = one.parentElement; up && (across || down); up = up.parentElement) {
            if (getComputedStyle(up).position === "fixed") down = false;
            const edge = up.getBoundingClientRect();
            const hides = (way) => ["hidden", "clip"].includes(getComputedStyle(up)[way]);
            across &&= !scrolls(up, "overflowX");
            down &&= !scrolls(up, "overflowY");
            const beside = box.right > edge.right + 1 || box.left < edge.left - 1;
            if (across && hides("overflowX") && beside) return true;
            if (down && hides("overflowY") && box.bottom > edge.bottom + 1) return true;
        }
        return across && (box.right > innerWidth + 1 || box.left < -1);
    };
    const all = document.querySelectorAll("a[href], button, input, select, textarea, summary");
    const lost = [...all].filter((one) => one.checkVisibility({visibilityProperty: true})
        && one.offsetWidth > 1 && !one.closest(".skip, .sr, .pick, .colours__one") && out(one));
    const wide = document.scrollingElement.scrollWidth - innerWidth;
    return [...(wide > 0 ? [`${size}: ${wide} too wide`] : []),
        ...lost.map((one) => `${size} lost: ${one.outerHTML.slice(0, 160)}`)];
}"""
#: What runs or would run, here and where scripts show that they are at work.
MOVES: Final = """() => {
    const busy = document.createElement("div");
    busy.innerHTML = `<i class="skel"></i><i class="spin"></i><i class="msg is-settling"></i>
        <i class="btn" aria-busy="true"><i class="icon"></i></i>`;
    document.body.append(busy);
    const parts = ["", "::before", "::after"];
    const moves = (one, part) => {
        const look = getComputedStyle(one, part);
        return look.animationName !== "none"
            || look.transitionDuration.split(", ").some((time) => parseFloat(time) > 0);
    };
    const found = [...document.querySelectorAll("*")]
        .filter((one) => parts.some((part) => moves(one, part)))
        .map((one) => `moves: ${one.outerHTML.slice(0, 120)}`);
    busy.remove();
    return found;
}"""


class Eyes:
    """Looks at one screen after the other; without our scripts, so that each is there at once."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site
        self.found: list[str] = []
        page.route("**/*.js", lambda route: route.abort())
        page.emulate_media(reduced_motion="reduce")

    def look(self, address: str) -> None:
        """Note all that is wrong with the screen at this address."""
        page = self.page
        page.goto(self.site + address, wait_until="load")
        # What scripts show is there as well.
        page.evaluate("document.documentElement.classList.add('js')")
        page.evaluate(Axe().axe_script)
        wrong: list[str] = page.evaluate(AXE, {"scheme": "light", "only": {}})
        page.emulate_media(color_scheme="dark")
        colours = {"runOnly": ["color-contrast"]}
        wrong += page.evaluate(AXE, {"scheme": "dark", "only": colours})
        page.emulate_media(color_scheme="light")
        wrong += page.evaluate(MOVES)
        before = page.viewport_size
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            wrong += page.evaluate(LOST, str(width))
            page.evaluate("document.documentElement.dir = 'rtl'")
            wrong += page.evaluate(LOST, f"{width} rtl")
            page.evaluate("document.documentElement.dir = 'ltr'")
        if before:
            page.set_viewport_size(before)
        self.found += [f"{address} {one}" for one in wrong]


def screens(person: User, of: Callable[[str], Arguments]) -> list[str]:
    """The addresses that answer with a whole page."""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[PROVED] = int(time.time())
    session.save()
    found = []
    for name, taken in routes():
        if name in SIGNED | THEIRS:
            continue
        address = reverse(name, kwargs=of(name) if taken else {})
        answer: Any = client.get(address)
        if answer.status_code == 200 and b"<!doctype html>" in answer.getvalue()[:100].lower():
            found.append(address)
    return found


def more(mailbox: Mailbox) -> list[str]:
    """The same screens with more on them."""
    lease = mailbox.lease.pk
    return [
        *(f"/message/{one.pk}/?in=all" for one in (mailbox.lease, mailbox.newsletter)),
        f"/message/{lease}/attachment/1/preview/",
        f"/message/{lease}/source/",
        f"/folder/{mailbox.receipts.pk}/attachments/",
        *(f"/mail/{name}/?id={lease}" for name in ("move", "label", "snooze", "remind")),
        "/search/?q=in:Gmail+colour:red+invoice",
        "/settings/connectivity/addresses/?show=refused",
        f"/compose/?reply={lease}",
        *(
            f"/settings/connectivity/retrieval/new/?provider={one}"
            for one in ("gmail", "other-pop")
        ),
    ]


def signed_in(user: User) -> None:
    """From here and there, and not quite."""
    longest = Caller("2a01:4f8:c0c:1234:5678:9abc:def0:1234", "Thunderbird 140, Windows", "Porto")
    for caller, protocol, outcome in (
        (longest, Protocol.IMAP, Outcome.IN),
        (Caller("9.9.9.9", "Outlook, iOS"), Protocol.EAS, Outcome.IN),
        (longest, Protocol.WEBMAIL, Outcome.SECOND),
    ):
        sign_ins.record(
            user=user, protocol=protocol, caller=caller, outcome=outcome, now=timezone.now(),
            known=True,
        )  # fmt: skip


def said(body: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=body, content_type="text/html")


def test_every_screen(
    page: Page,
    live_server: LiveServer,
    user: User,
    enter: Callable[[User], None],
    belongings: Callable[[str], Arguments],  # noqa: F811 # the fixture that is imported above
) -> None:
    enter(user)
    mailbox = fill(user, timezone.now())
    signed_in(user)
    User.objects.filter(pk=user.pk).update(role=Role.SYSTEM_ADMIN)
    eyes = Eyes(page, live_server.url)
    for address in [*screens(user, belongings), *more(mailbox)]:
        eyes.look(address)
    eyes.look(f"{reverse('system-features')}?feature=smtp-accounts&enabled=off")
    for name in SAID:
        page.route(f"**/said/{name}", said(render_to_string(f"{name}.html")))
        eyes.look(f"/said/{name}")
    later = timezone.now() + timedelta(days=9)
    User.objects.filter(pk=user.pk).update(welcomed_at=None, delete_after=later)
    eyes.look(reverse("welcome"))
    eyes.look(reverse("keep-account"))
    page.context.clear_cookies()
    eyes.look(reverse("sign-in"))
    assert not eyes.found, "\n".join(eyes.found)
