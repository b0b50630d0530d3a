"""A folder of 100,000 messages in Chromium, scrolled from one end to the other.

    python -m bench.web_scroll [--messages N] [--postgres] [--stride N] [--share N]

Goes down by nine tenths of what is seen (``--stride``) as soon as its rows are drawn, through all
of the list or so much of each tenth (``--share``). Prints for each tenth the long tasks of the page
(over 50 ms, as browsers tell them), the processor time of its main thread, of this of scripts, for
each hundred rows, and what the page weighs: memory of scripts after a collection, and elements.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

from bench.web import environment, run, say, served
from tests.e2e.conftest import FLAGS
from tests.postgres import PrivatePostgres

WHO, PASSWORD = "scroll@bench.test", "quiet-river-in-spring"
FILL = """
import io, sys
from datetime import timedelta
from django.core.management import call_command
from django.utils import timezone
from accounts.models import User
from tests.e2e.long_list import many
call_command("migrate", verbosity=0)
call_command("domain", "add", "bench.test")
sys.stdin = io.StringIO({password!r} + chr(10))
call_command("user", "add", {who!r}, "--password-stdin")
user = User.objects.get(email={who!r})
inbox = many(user, {messages}, now=timezone.now(), every=timedelta(minutes=5))
open({where!r}, "w").write(str(inbox.pk))
"""
WATCH = """() => {
    window.long = [];
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) long.push(Math.round(one.duration));
    }).observe({ type: "longtask", buffered: true });
}"""
# Down from a part of the list to another, as somebody scrolls who looks at all of it. The number
# of the last row there is.
DOWN = """async ([from, to, stride]) => {
    const box = document.getElementById("scroller"), list = document.getElementById("list");
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const isDrawn = () => {
        const { top, height } = box.getBoundingClientRect();
        return [0.1, 0.5, 0.9].every((part) =>
            document.elementFromPoint(box.offsetLeft + 200, top + height * part)
                ?.closest(".msg, .list__day"));
    };
    box.scrollTop = Math.max(box.scrollTop, from * box.scrollHeight);
    const goal = Math.min(to * box.scrollHeight, box.scrollHeight - box.clientHeight - 1);
    while (box.scrollTop < goal) {
        const before = box.scrollTop;
        box.scrollTop += stride * box.clientHeight;
        for (let turn = 0; turn < 600; turn += 1) {
            await frame();
            if (isDrawn()) break;
        }
        if (box.scrollTop <= before) break;
    }
    return [...list.querySelectorAll(".msg")].at(-1)?.getAttribute("aria-posinset");
}"""


def told(session: CDPSession) -> dict[str, float]:
    """What the browser tells of the page, times in seconds."""
    session.send("HeapProfiler.collectGarbage")
    found = session.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] for one in found}


def scroll(page: Page, stride: float, share: float) -> None:
    """From the top to the end, in tenths that are told."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate(WATCH)
    rows = int(page.locator("#list").get_attribute("data-total") or 0) * share / 10
    before = told(session)
    for part in range(10):
        at = page.evaluate(DOWN, [(part + 1 - share) / 10, (part + 1) / 10, stride])
        long = page.evaluate("long.splice(0)")
        now = told(session)
        all_ms, script_ms = (
            (now[name] - before[name]) * 1e5 / rows for name in ("TaskDuration", "ScriptDuration")
        )
        before = now
        say(
            f"to row {at}: {all_ms:.0f} ms per 100 rows, {script_ms:.0f} in scripts; "
            f"{now['JSHeapUsedSize'] / 2**20:.1f} MB, {now['Nodes']:.0f} nodes; "
            f"{len(long)} long tasks{f', up to {max(long)} ms' if long else ''}"
        )


def visit(url: str, folder: str, options: argparse.Namespace) -> None:
    """Sign in, open the folder and scroll."""
    with sync_playwright() as playwright:
        browser: Any = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=[*FLAGS]
        )
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.goto(url)
        page.fill("#id_username", WHO)
        page.fill("#id_password", PASSWORD)
        page.click(".sign__form button[type=submit]")
        page.goto(f"{url}/folder/{folder}/")
        page.wait_for_selector("#list > .msg[aria-posinset]")
        scroll(page, options.stride, options.share)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--stride", type=float, default=0.9)
    parser.add_argument("--share", type=float, default=1.0)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tributary-scroll-")))
        postgres = stack.enter_context(PrivatePostgres()) if options.postgres else None
        environ = environment(folder, postgres.url if postgres else "")
        filled = folder / "inbox"
        known = {"who": WHO, "password": PASSWORD, "messages": options.messages}
        made = FILL.format(where=str(filled), **known)
        run(environ, "manage.py", "shell", "-v0", "-c", made)
        url, _pid = stack.enter_context(served(folder, environ))
        visit(url, filled.read_text(), options)


if __name__ == "__main__":
    main()
